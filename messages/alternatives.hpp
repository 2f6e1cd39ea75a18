#pragma once
#include <cstddef>
#include <variant>

namespace causeway {

template <class T, class... Ts>
consteval std::size_t place_of(const std::variant<Ts...>*) {
  std::size_t place = 0;
  (void)((__is_same(T, Ts) || (++place, false)) || ...);
  return place;
}
/// The place of an alternative among those of a variant; their number where it is none.
template <class T, class Variant>
inline constexpr std::size_t place_in = place_of<T>(static_cast<const Variant*>(nullptr));

/// For the constructors of structs that are variants of many alternatives. Those of `std::variant` itself are not
/// inherited: each is compiled anew in every file that puts an alternative in, once for each place in front of it.
/// Instead one function of a .cpp puts in whatever stands at a place (messages/put_alternative.hpp).
template <class T, class Variant>
concept alternative_of = place_in<T, Variant> < std::variant_size_v<Variant>;

} // namespace causeway
