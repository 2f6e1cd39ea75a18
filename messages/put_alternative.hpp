#pragma once
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

namespace causeway {

/// Moves the alternative at that place, which `from` points to, into `to`. Included by the .cpp of a large variant
/// only: here all its alternatives are compiled. See messages/alternatives.hpp.
template <class Variant>
void put_alternative(Variant& to, std::size_t place, void* from) noexcept {
  static constexpr auto functions = []<std::size_t... I>(std::index_sequence<I...>) {
    static_assert((std::is_nothrow_move_constructible_v<std::variant_alternative_t<I, Variant>> && ...));
    return std::array<void (*)(Variant&, void*), sizeof...(I)>{[](Variant& v, void* x) {
      v.template emplace<I>(std::move(*static_cast<std::variant_alternative_t<I, Variant>*>(x)));
    }...};
  }(std::make_index_sequence<std::variant_size_v<Variant>>{});
  functions.at(place)(to, from);
}

} // namespace causeway
