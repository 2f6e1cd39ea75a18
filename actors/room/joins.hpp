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

#include <string>
#include <string_view>

namespace causeway::room {

/// A user of ours joins, whichever way is open: by an event of ours where we are in the room, else through another server.
class joins {
public:
  joins(const room_state& room, decision& out, authoring& author, remote_join& remote, room_invitations& invitations,
        room_events& events)
      : room_(room), authoring_(author), remote_(remote), invitations_(invitations), events_(events),
        authorisation_(room, out), resident_(room, out, events) {}

  void want(const join_wanted& m);
  /// @pre we take part in the room
  void join_here(const join_wanted& m);

  /// Whether a user who joins has to be let in by somebody.
  bool needs_authorisation(std::string_view user) const { return authorisation_.is_needed(user); }
  /// Asks the rooms that the join rule names. A join of ours goes on by itself, see room_events::call_authorised for those of other servers.
  void authorise(const std::string& user, authorised_step next);
  void member_told(const causeway::member_told& m);
  /// @returns whether it was the answer to a question of this component
  bool answered(const peer_answer& m) { return resident_.answered(m); }
  void event_settled(const matrix::event& x, const std::string& error) { resident_.event_settled(x, error); }
  void on_authorise_timer();
  void on_resident_timer() { resident_.on_timer(); }
  bool is_idle() const { return authorisation_.is_idle() && resident_.is_idle(); }

private:
  /// @param authoriser  user of ours who lets them in; empty: nobody is needed
  void commit(const join_wanted& m, const std::string& authoriser);
  void authorised(join_authorisation::outcome a);

  const room_state& room_;
  authoring& authoring_;
  remote_join& remote_;
  room_invitations& invitations_;
  room_events& events_;
  join_authorisation authorisation_;
  resident_join resident_;
};

} // namespace causeway::room
