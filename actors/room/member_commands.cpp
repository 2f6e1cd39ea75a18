#include "actors/room/member_commands.hpp"

#include "messages/invitation_key.hpp"

#include <utility>

namespace causeway::room {

using matrix::json::object;

command_outcome member_commands::run(const queued_command& c, const chat::invite_send& x) {
  if (room_.graph.membership(x.by) != matrix::membership::join)
    return fault{fault_code::not_member, x.by + " is not in the room"};
  auto made = invitations_.invite(x.by, x.user, x.reason.value_or(""));
  if (!made) return failed_like(made);
  invitations_.consider_group_with(x.user);
  if (!*made) return succeeded{chat::invited_answer{name(invitation_state::pending), std::string{name(room_.type())}}};
  (*made)->type = room_.type();
  (*made)->command = c.command.reference; // the RESULT is the invitation's: it tells it with the commit of its row
  invitations_.begin(x.user, std::move(**made));
  return ends_later{};
}

command_outcome member_commands::run(const queued_command& c, const chat::member_leave& x) {
  object content{{"membership", "leave"}};
  if (x.reason) content.set("reason", *x.reason);
  if (room_.graph.membership(x.user) != matrix::membership::join)
    return fault{fault_code::not_member, x.user + " is not in the room"};
  if (invitations_.withdraw_first(x.user, c.withdrawn)) return waits_for_withdrawals{};
  auto e = authoring_.author({"m.room.member", x.user, x.user, std::move(content)});
  if (!e) return failed_like(e);
  // Who joined through others a moment ago has them as a member, and would be told by nobody once we have left.
  if (auto fine = authoring_.commit(*e, inbound_.servers_arriving()); !fine) return fine.error();
  return succeeded{chat::empty_answer{}};
}

command_outcome member_commands::run(const queued_command& c, const chat::room_knock& x) {
  const auto now_is = room_.graph.membership(x.user);
  if (now_is == matrix::membership::knock)
    return follow_knock(room_.graph.state_event("m.room.member", x.user), c.command.reference);
  if (now_is == matrix::membership::join) return fault{fault_code::conflict, x.user + " is in the room already"};
  if (now_is == matrix::membership::invite)
    return fault{fault_code::conflict, x.user + " is invited: answer the invitation"};
  object content{{"membership", "knock"}};
  if (x.reason) content.set("reason", *x.reason);
  if (c.command.profiles)
    for (const auto& p : *c.command.profiles) {
      if (p.user_id != x.user) continue;
      if (!p.display_name.empty()) content.set("displayname", p.display_name);
      if (!p.avatar_url.empty()) content.set("avatar_url", p.avatar_url);
    }
  auto e = authoring_.author({"m.room.member", x.user, x.user, std::move(content)});
  if (!e) return failed_like(e);
  if (auto fine = authoring_.commit(*e); !fine) return fine.error();
  return follow_knock(*e, c.command.reference);
}

command_outcome member_commands::follow_knock(const matrix::event_ptr& knock, const command_reference& command) {
  // What becomes of it is followed like an invitation, by its actor, whose the RESULT is too. Should that fail with the
  // word of it, the command is repeated; or the room, loaded again, finds that nobody follows it.
  out_.send({actor_kind::invitation, invitation::key_of(room_.id, *knock->state_key)},
            knock_made{knock, room_.head.chat_room_id, room_.head.type, command});
  return ends_later{};
}

command_outcome member_commands::run(const queued_command&, const chat::knock_reject& x) {
  if (room_.graph.membership(x.user) != matrix::membership::knock)
    return fault{fault_code::conflict, x.user + " does not knock"};
  object content{{"membership", "leave"}};
  if (x.reason) content.set("reason", *x.reason);
  auto e = authoring_.author({"m.room.member", x.by, x.user, std::move(content)});
  if (!e) return failed_like(e);
  if (auto fine = authoring_.commit(*e); !fine) return fine.error();
  return succeeded{chat::empty_answer{}};
}

} // namespace causeway::room
