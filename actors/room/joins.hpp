#pragma once
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/join_authorisation.hpp"
#include "actors/room/remote_join.hpp"
#include "actors/room/resident_join.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace causeway::room {

/// A user of ours joins, whichever way is open: by an event of ours where we are in the room, else through another
/// server.
class joins {
public:
  joins(const room_state& room, decision& out, pending_questions& pending, authoring& author, remote_join& remote,
        room_invitations& invitations, room_events& events)
      : room_(room), authoring_(author), remote_(remote), invitations_(invitations), events_(events),
        authorisation_(room, out, pending), resident_(room, out, pending, events) {}

  void want(const join_request& m);
  /// @pre we take part in the room
  void join_here(const join_request& m);

  /// Whether a user who joins has to be let in by somebody.
  bool needs_authorisation(std::string_view user) const { return authorisation_.is_needed(user); }
  /// Asks the rooms that the join rule names. A join of ours goes on by itself, see room_events::call_authorised for
  /// those of other servers.
  void authorise(const std::string& user, authorised_step next);
  void answered(question::membership_elsewhere q, const member_response& m) {
    authorised(authorisation_.answered(q, m));
  }
  void answered(question::membership_elsewhere q, const timed_out& m) { authorised(authorisation_.answered(q, m)); }
  void answered(question::of_resident q, const peer_answer& m) { resident_.answered(std::move(q), m); }
  void answered(question::of_resident q, const timed_out& m) { resident_.answered(std::move(q), m); }
  void event_completed(const matrix::event& x, const std::string& error) { resident_.event_completed(x, error); }
  time_ms deadline() const { return resident_.deadline(); }
  void on_deadline() { resident_.on_deadline(); }
  bool is_idle() const { return authorisation_.is_idle() && resident_.is_idle(); }

private:
  /// @param authoriser  user of ours who lets them in; empty: nobody is needed
  void commit(const join_request& m, const std::string& authoriser);
  /// Nothing: it is not known yet.
  void authorised(std::optional<join_authorisation::outcome> known);

  const room_state& room_;
  authoring& authoring_;
  remote_join& remote_;
  room_invitations& invitations_;
  room_events& events_;
  join_authorisation authorisation_;
  resident_join resident_;
};

} // namespace causeway::room
