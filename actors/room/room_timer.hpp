#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"

#include <algorithm>

namespace causeway::room {

/// The one timer of a room, which goes off at the least deadline of its components, and the end of a room that nobody
/// speaks to.
class room_timer {
public:
  static constexpr timer_kind name = timer_kind::deadline;

  room_timer(decision& out, time_ms idle_ms) : out_(out), idle_ms_(idle_ms) {}

  /// @param deadline  0: there is none. A timer that is set for an earlier moment stays and finds nothing to do then:
  /// cheaper than to set it anew with every answer that comes.
  void set_for(time_ms deadline) {
    if (deadline == 0 || (set_for_ != 0 && set_for_ <= deadline)) return;
    out_.wake_at(deadline, name);
    set_for_ = deadline;
  }
  void went_off() { set_for_ = 0; }

  /// Somebody spoke to the room.
  void touch() { last_active_ = out_.now(); }
  /// From when the room exists. Not sooner: a timer outlives its actor, and names that are no rooms are free to invent.
  void begin_idle() {
    if (!idle_.is_set()) idle_.set(out_.now() + idle_ms_);
  }
  /// Its time has come, or the supervisor asks. @param is_idle  nothing is under way
  void consider_end(bool is_idle) {
    if (is_idle && out_.now() - last_active_ >= idle_ms_)
      out_.finish(); // it is considered again all the same: a message may cross it
    idle_.set(std::max(last_active_ + idle_ms_, out_.now() + idle_ms_ / 4));
  }
  /// When the end is to be considered.
  time_ms deadline() const { return idle_.at(); }

private:
  decision& out_;
  const time_ms idle_ms_;
  alarm_time idle_;
  time_ms last_active_ = 0, set_for_ = 0;
};

} // namespace causeway::room
