// Who asks to be let in: one of ours in a room we take part in, and our answer to whoever knocks. Knocks through us are membership.cpp's.
// Source: client-server-api, "Knocking on rooms".
#include "actors/room/room_machine.hpp"

namespace causeway::room {

using matrix::json::object;

void room_machine::run(const queued_command& c, const chat::room_knock& x) {
  const auto now_is = graph_.membership(x.user);
  if (now_is == "knock") return follow_knock(graph_.state_event("m.room.member", x.user), c.command.reference);
  if (now_is == "join")
    return failed(c.command.reference, x.name, {fault_code::conflict, x.user + " is in the room already"});
  if (now_is == "invite")
    return failed(c.command.reference, x.name, {fault_code::conflict, x.user + " is invited: answer the invitation"});
  object content{{"membership", "knock"}};
  if (x.reason) content.set("reason", *x.reason);
  if (c.command.profiles)
    for (const auto& p : *c.command.profiles) {
      if (p.user_id != x.user) continue;
      if (!p.display_name.empty()) content.set("displayname", p.display_name);
      if (!p.avatar_url.empty()) content.set("avatar_url", p.avatar_url);
    }
  auto e = author({"m.room.member", x.user, x.user, std::move(content)});
  if (!e) return failed(c.command.reference, x.name, e.error());
  if (auto fine = commit_local(*e); !fine) return failed(c.command.reference, x.name, fine.error());
  follow_knock(*e, c.command.reference);
}

void room_machine::follow_knock(const matrix::event_ptr& knock, const command_reference& command) {
  // What becomes of it is followed like an invitation, by its actor, whose the RESULT is too. Should that fail with the word of it, the command is
  // repeated; or the room, loaded again, finds that nobody follows it.
  out_.send({actor_kind::invitation, room_id_ + "|" + *knock->state_key}, knock_made{knock, head_.chat_room_id, head_.type, command});
}

void room_machine::run(const queued_command& c, const chat::knock_reject& x) {
  if (graph_.membership(x.user) != "knock")
    return failed(c.command.reference, x.name, {fault_code::conflict, x.user + " does not knock"});
  object content{{"membership", "leave"}};
  if (x.reason) content.set("reason", *x.reason);
  auto e = author({"m.room.member", x.by, x.user, std::move(content)});
  if (!e) return failed(c.command.reference, x.name, e.error());
  if (auto fine = commit_local(*e); !fine) return failed(c.command.reference, x.name, fine.error());
  done(c.command.reference, x.name, chat::empty_answer{});
}

} // namespace causeway::room
