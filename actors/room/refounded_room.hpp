#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/lazy_deque.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"
#include "messages/message.hpp"

#include <vector>

namespace causeway::room {

/// A room that takes the place of another one of ours (refounding.hpp): all of that is made once more here, in one
/// commit, under the names it had, and its invitations are sent anew. Nobody is told but that the room has another id
/// and version. Until the former room has handed over the commands it still had, those that come here wait.
class refounded_room {
public:
  /// The former room may have failed with what it was to hand over.
  static constexpr time_ms handover_ms = 30'000;

  /// What it works with; all of it outlives it.
  struct parts {
    const room_state& room;
    decision& out;
    event_writer& writer;
    authoring& author;
    redactions& redacted;
    room_invitations& invitations;
    chat_notifier& notifier;
  };
  explicit refounded_room(const parts& p) : p_(p) {}

  void make(const refounding_request& m);
  /// While its events are made: the chat server knows all of it.
  bool is_making() const { return is_making_; }

  /// Whether a command is to wait; then it is kept.
  bool holds(const chat_command& m);
  /// They are to be carried out now, in this order.
  std::vector<chat_command> release();

  time_ms deadline() const { return held_until_.at(); }
  bool is_due() { return held_until_.goes_off(p_.out.now()); }
  bool is_idle() const { return !held_until_.is_set(); }

private:
  /// @returns fault: nothing is left of it
  status make_events(const refounding_request& m);
  void invite(const refounding_request& m);
  void invite(const refounding_request& m, const store::put_invitation& former);

  parts p_;
  bool is_making_ = false;
  alarm_time held_until_;
  lazy_deque<chat_command> held_;
};

} // namespace causeway::room
