#pragma once
#include "messages/fault.hpp"

#include <utility>
#include <variant>

namespace causeway::room {

/// The room's policy server is being asked first. Whoever tried tries again, from the beginning, when it has answered.
struct waits_for_policy_server {};

/// A value, the fault that prevented it, or neither yet.
template <class T>
class [[nodiscard]] attempt {
public:
  attempt(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  attempt(fault why) : content_(std::in_place_index<1>, std::move(why)) {}
  attempt(waits_for_policy_server w) : content_(std::in_place_index<2>, w) {}
  attempt(result<T> x)
      : content_(x ? content{std::in_place_index<0>, std::move(*x)} : content{std::in_place_index<1>, x.error()}) {}
  /// What another attempt has failed with, or waits for. @pre `!other`
  template <class Other>
  static attempt failed_like(const attempt<Other>& other) {
    if (other.waits()) return waits_for_policy_server{};
    return other.error();
  }

  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  bool waits() const { return content_.index() == 2; }
  /// @pre neither `*this` nor `waits()`
  const fault& error() const { return std::get<1>(content_); }

private:
  using content = std::variant<T, fault, waits_for_policy_server>;
  content content_;
};

} // namespace causeway::room
