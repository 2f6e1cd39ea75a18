// Who asks to be let in: one of ours in a room we take part in, and our answer to whoever knocks. Knocks through us are membership.cpp's.
// Source: client-server-api, "Knocking on rooms".
#include "actors/room/room_machine.hpp"

namespace causeway::room {

using matrix::json::object;

void room_machine::run(const queued_command& c, const chat::room_knock& x) {
  const auto now_is = graph_.membership(x.user);
  const chat::room_knocked_answer answer{room_id_, "pending"};
  if (now_is == "knock") return done(c.command.reference, x.name, answer);
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
  // What becomes of it is followed like an invitation. Written here: a crash between two commits would leave a knock that nobody follows.
  store::put_invitation row;
  row.room_id = room_id_;
  row.user_id = row.inviter = x.user;
  row.room_version = head_.room_version;
  row.direction = "knock";
  row.state = "pending";
  row.reason = x.reason.value_or("");
  row.event = (*e)->to_json();
  row.chat_room_id = head_.chat_room_id;
  row.type = head_.type;
  row.since_ts = now_;
  writes_.push_back(row);
  notify(
    chat::invitation_changed{head_.chat_room_id, room_id_, x.user, x.user, "knock", "pending", {}, row.reason, now_});
  tell_after({actor_kind::invitation, room_id_ + "|" + x.user}, invite_wanted{});
  done(c.command.reference, x.name, answer);
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
