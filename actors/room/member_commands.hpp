#pragma once
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/inbound_events.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"

namespace causeway::room {

/// invite.send, member.leave, room.knock, knock.reject.
class member_commands {
public:
  member_commands(const room_state& room, decision& out, authoring& author, room_invitations& invitations,
                  const inbound_events& inbound)
      : room_(room), out_(out), authoring_(author), invitations_(invitations), inbound_(inbound) {}

  command_outcome run(const queued_command& c, const chat::invite_send& x);
  command_outcome run(const queued_command& c, const chat::member_leave& x);
  command_outcome run(const queued_command& c, const chat::room_knock& x);
  command_outcome run(const queued_command& c, const chat::knock_reject& x);

private:
  command_outcome follow_knock(const matrix::event_ptr& knock, const command_reference& command);

  const room_state& room_;
  decision& out_;
  authoring& authoring_;
  room_invitations& invitations_;
  const inbound_events& inbound_;
};

} // namespace causeway::room
