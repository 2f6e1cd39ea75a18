#pragma once
#include "actors/decision.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {

/// The timers of the room as a whole: a room that nobody speaks to ends after a while, and no answer is waited for without end.
class room_timers {
public:
  static constexpr const char* idle = "idle";
  static constexpr const char* watch = "watch";
  /// How often questions that are open are looked at.
  static constexpr time_ms watch_every_ms = 30'000;

  room_timers(decision& out, time_ms idle_ms) : out_(out), idle_ms_(idle_ms) {}

  /// Somebody spoke to the room.
  void touch() { last_active_ = out_.now(); }
  /// From when the room exists. Not sooner: a timer outlives its actor, and names that are no rooms are free to invent.
  void begin_idle() {
    if (!std::exchange(idle_set_, true)) out_.wake_at(out_.now() + idle_ms_, idle);
  }
  /// @param is_idle  nothing is under way
  void on_idle(bool is_idle) {
    if (is_idle && out_.now() - last_active_ >= idle_ms_)
      out_.finish(); // the timer is set again all the same: a message may cross it
    out_.wake_at(std::max(last_active_ + idle_ms_, out_.now() + idle_ms_ / 4), idle);
  }
  /// Questions are open.
  void begin_watch() {
    if (!std::exchange(watching_, true)) out_.wake_at(out_.now() + watch_every_ms, watch);
  }
  void on_watch() { watching_ = false; }

private:
  decision& out_;
  const time_ms idle_ms_;
  bool idle_set_ = false, watching_ = false;
  time_ms last_active_ = 0;
};

} // namespace causeway::room
