#pragma once
#include <memory>
#include <type_traits>
#include <utility>

namespace causeway {

/// Assigns by destroying what is there and constructing what comes in its place. For variants of many alternatives:
/// `std::variant` also assigns each alternative to itself, and with that the assignment of each of them is compiled,
/// which is half of the time their special members take. @pre `from` is no part of `to`
template <class T>
T& replace(T& to, T&& from) noexcept {
  static_assert(std::is_nothrow_move_constructible_v<T>, "`to` would be gone when it throws");
  if (&to == &from) return to;
  std::destroy_at(&to);
  return *std::construct_at(&to, std::forward<T>(from));
}

} // namespace causeway
