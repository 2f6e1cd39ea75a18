#pragma once
#include "actors/room/authoring.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"

#include <string>

namespace causeway::room {

/// member.kick, member.ban, member.unban, query.banned.
class moderation_commands {
public:
  moderation_commands(const room_state& room, authoring& author, room_invitations& invitations)
      : room_(room), authoring_(author), invitations_(invitations) {}

  command_outcome run(const queued_command& c, const chat::member_kick& x);
  command_outcome run(const queued_command& c, const chat::member_ban& x);
  command_outcome run(const queued_command& c, const chat::member_unban& x);
  command_outcome run(const queued_command& c, const chat::query_banned& x) const;

private:
  /// An invitation that its server has not taken yet: the room has nothing of it, its actor takes it back.
  command_outcome withdraw(const queued_command& c, const chat::member_kick& x);
  command_outcome author(const draft& d);

  const room_state& room_;
  authoring& authoring_;
  room_invitations& invitations_;
};

} // namespace causeway::room
