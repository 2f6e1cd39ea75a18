#pragma once
#include "actors/room/event_writer.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/remote_state.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/json.hpp"
#include "messages/room.hpp"

#include <string>
#include <vector>

namespace causeway::room {

/// What another server gives of the room beside the events on their way: parsed, proved genuine, and taken in without a
/// place, for others to rest on.
class event_import {
public:
  event_import(const room_state& room, event_writer& writer, redactions& r)
      : room_(room), writer_(writer), redactions_(r) {}

  /// Events of this room among what a server gave; others, and what is malformed, are left out.
  std::vector<matrix::event_ptr> parse(const matrix::json::array& pdus, matrix::count_policy counts) const;
  /// Those of them that are not at hand, of an auth chain or a state.
  std::vector<matrix::event_ptr> parse_unknown(const matrix::json::array& pdus) const;
  /// What is validly signed, redacted where the content does not match its hash.
  /// @param checks  of `events`, in their order
  static std::vector<matrix::event_ptr> verified(const std::vector<matrix::event_ptr>& events,
                                                 const std::vector<event_check>& checks);
  /// Those whose content does not match its hash.
  static std::vector<matrix::event_ptr> stripped(const std::vector<matrix::event_ptr>& events,
                                                 const std::vector<event_check>& checks);

  /// Takes verified events in, each after those it cites; one that cites an unknown event is left out.
  void add_outliers(std::vector<matrix::event_ptr> events);
  /// The same for a whole state and its auth chain. @returns the state they make, without what is rejected
  matrix::state_map add_state(remote_state::verified_events told);

private:
  const room_state& room_;
  event_writer& writer_;
  redactions& redactions_;
};

} // namespace causeway::room
