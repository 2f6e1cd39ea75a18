#pragma once
#include "actors/effects.hpp"

#include <algorithm>
#include <utility>

namespace causeway {

/// The next moment at which a component has something to do by itself. It sets no timer: the machine does, at the least
/// deadline of its components.
class alarm_time {
public:
  /// Takes the place of an earlier call.
  void set(time_ms at) { at_ = at; }
  void clear() { at_ = 0; }
  bool is_set() const { return at_ != 0; }
  /// 0: not set
  time_ms at() const { return at_; }
  /// Whether it goes off now; then it is not set any more.
  bool goes_off(time_ms now) { return at_ != 0 && at_ <= now && std::exchange(at_, 0) != 0; }

private:
  time_ms at_ = 0;
};

/// The earlier of two deadlines; 0 is none.
constexpr time_ms earlier(time_ms a, time_ms b) { return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b); }

} // namespace causeway
