#include "actors/room/command_service.hpp"

#include "actors/answers.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace causeway::room {

bool command_service::may_run() const { return !invitations_.has_withdrawals() && !joining_ && !authoring_.waits(); }

const std::string* command_service::user_of_invitation(const chat::command& body) const {
  if (const auto* x = std::get_if<chat::invite_revoke>(&body)) return &x->user;
  if (const auto* x = std::get_if<chat::invite_answer>(&body)) return &x->user;
  if (const auto* x = std::get_if<chat::knock_retract>(&body)) return &x->user;
  // Where none of us is in the room, another server has to be asked, perhaps for days.
  const auto* knock = std::get_if<chat::room_knock>(&body);
  return knock && !room_.takes_part() ? &knock->user : nullptr;
}

command_outcome command_service::carry_out(queued_command& c) {
  const auto& body = *c.command.body;
  if (const auto* user = user_of_invitation(body)) {
    // They are the invitation's; they come this way so that they cannot overtake the invite.send before them.
    out_.send({actor_kind::invitation, room_.id + "|" + *user}, c.command);
    return ends_later{};
  }
  const bool creates = std::holds_alternative<chat::room_create>(body) || std::holds_alternative<chat::room_join>(body);
  if (!creates && !room_.exists) return fault{fault_code::not_found, "room " + room_.id};
  if (!creates && room_.head.phase != store::room_phase::joined && !std::holds_alternative<chat::query_room>(body))
    return fault{fault_code::not_member, "nobody of this server is in the room any more"};
  return std::visit(
    [&](const auto& x) -> command_outcome {
      if constexpr (requires { messages_.run(c, x); }) return messages_.run(c, x);
      else if constexpr (requires { members_.run(c, x); }) return members_.run(c, x);
      else if constexpr (requires { rooms_.run(c, x); }) return rooms_.run(c, x);
      else if constexpr (requires { queries_.run(c, x); }) return queries_.run(c, x);
      else if constexpr (std::is_same_v<std::decay_t<decltype(x)>, chat::room_join>) return join(c, x);
      else return fault{fault_code::internal, "the room does not handle this command"};
    },
    body);
}

command_outcome command_service::join(const queued_command& c, const chat::room_join& x) {
  join_wanted w;
  w.user_id = x.user;
  w.via = x.via;
  w.command = c.command.reference;
  if (c.command.profiles)
    for (const auto& p : *c.command.profiles)
      if (p.user_id == x.user) {
        w.display_name = p.display_name;
        w.avatar_url = p.avatar_url;
      }
  joining_ = true;
  joins_.want(w);
  return ends_later{};
}

bool command_service::store_answered(const causeway::store_answered& m) {
  return queue_.store_answered(m) || queries_.store_answered(m.asked, *m.answer);
}

void command_service::join_ended(const command_reference& of, const fault& why) {
  if (why.code == fault_code::none)
    command_succeeded(out_, of, chat::room_join::name,
                      chat::room_joined_answer{room_.id, room_.head.room_version, "joined"});
  else command_failed(out_, of, chat::room_join::name, why);
  joining_ = false;
  queue_.run();
}

} // namespace causeway::room
