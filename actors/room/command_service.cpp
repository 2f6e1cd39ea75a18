#include "actors/room/command_service.hpp"

#include "actors/answers.hpp"
#include "messages/invitation_key.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace causeway::room {

bool command_service::may_run() const {
  return !invitations_.has_withdrawals() && !joining_ && !upgrade_.is_under_way() && !authoring_.waits() &&
         !refounding_.is_under_way();
}

void command_service::take(const chat_command& m) {
  if (refounding_.is_over()) out_.send_at_once(refounding_.successor(), m);
  else if (!refounded_.holds(m)) queue_.take(m);
}

void command_service::on(const room_version_refused& m) {
  refounding_.refused(m);
  refounding_.consider(is_busy());
}

void command_service::on(const refounding_done& m) {
  refounding_.done(m);
  if (!refounding_.is_under_way()) queue_.run();
}

void command_service::on(const room_succeeded&) {
  refounding_.succeeded();
  if (!refounding_.is_over()) return;
  for (auto& m : queue_.take_waiting()) out_.send(refounding_.successor(), std::move(m));
  out_.send(refounding_.successor(), handover_ended{});
}

void command_service::on(const handover_ended&) {
  for (const auto& m : refounded_.release()) queue_.take(m);
}

const std::string* command_service::user_of_invitation(const chat::command& body) const {
  if (const auto* x = std::get_if<chat::invite_revoke>(&body)) return &x->user;
  if (const auto* x = std::get_if<chat::invite_answer>(&body)) return &x->user;
  if (const auto* x = std::get_if<chat::knock_retract>(&body)) return &x->user;
  // Where none of us is in the room, another server has to be asked, perhaps for days.
  const auto* knock = std::get_if<chat::room_knock>(&body);
  return knock && !room_.takes_part() ? &knock->user : nullptr;
}

status command_service::may_ask_others(const chat::command& body) const {
  if (room_.takes_part()) return ok();
  const auto* answer = std::get_if<chat::invite_answer>(&body);
  const bool enters = (answer && answer->accept) || std::holds_alternative<chat::room_join>(body) ||
                      std::holds_alternative<chat::room_knock>(body);
  return enters ? room_.node.federates() : ok();
}

status command_service::may_federate(const chat_command& c) const {
  if (!c.profiles || (room_.exists && !room_.head.federated)) return ok();
  const auto* who = std::visit(
    [](const auto& x) -> const std::string* {
      using T = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<T, chat::invite_send> || std::is_same_v<T, chat::room_join> ||
                    std::is_same_v<T, chat::room_knock>)
        return &x.user;
      else if constexpr (std::is_same_v<T, chat::invite_answer>) return x.accept ? &x.user : nullptr;
      else return nullptr;
    },
    *c.body);
  if (!who) return ok();
  for (const auto& p : *c.profiles)
    if (p.user_id == *who) return room_.node.may_federate(p.user_id, p.may_federate);
  return ok();
}

command_outcome command_service::carry_out(queued_command& c) {
  const auto& body = *c.command.body;
  if (auto fine = may_ask_others(body); !fine) return fine.error();
  if (auto fine = may_federate(c.command); !fine) return fine.error();
  if (const auto* user = user_of_invitation(body)) {
    // They are the invitation's; they come this way so that they cannot overtake the invite.send before them.
    out_.send({actor_kind::invitation, invitation::key_of(room_.id, *user)}, c.command);
    return ends_later{};
  }
  const bool creates = std::holds_alternative<chat::room_create>(body) || std::holds_alternative<chat::room_join>(body);
  if (!creates && !room_.exists) return fault{fault_code::not_found, "room " + room_.id};
  const bool is_left = room_.exists && room_.head.phase != store::room_phase::joined;
  if (is_left && std::holds_alternative<chat::room_remove>(body)) return succeeded{chat::empty_answer{}};
  if (!creates && is_left && !std::holds_alternative<chat::query_room>(body))
    return fault{fault_code::not_member, "nobody of this server is in the room any more"};
  return std::visit(
    [&](const auto& x) -> command_outcome {
      if constexpr (requires { messages_.run(c, x); }) return messages_.run(c, x);
      else if constexpr (requires { related_.run(c, x); }) return related_.run(c, x);
      else if constexpr (requires { members_.run(c, x); }) return members_.run(c, x);
      else if constexpr (requires { rooms_.run(c, x); }) return rooms_.run(c, x);
      else if constexpr (requires { queries_.run(c, x); }) return queries_.run(c, x);
      else if constexpr (requires { moderation_.run(c, x); }) return moderation_.run(c, x);
      else if constexpr (requires { roles_.run(c, x); }) return roles_.run(c, x);
      else if constexpr (requires { settings_.run(c, x); }) return settings_.run(c, x);
      else if constexpr (requires { removal_.run(c, x); }) return removal_.run(c, x);
      else if constexpr (requires { upgrade_.run(c, x); }) return upgrade_.run(c, x);
      else if constexpr (requires { receipts_.run(c, x); }) return receipts_.run(c, x);
      else if constexpr (std::is_same_v<std::decay_t<decltype(x)>, chat::room_join>) return join(c, x);
      else return fault{fault_code::internal, "the room does not handle this command"};
    },
    body);
}

command_outcome command_service::join(const queued_command& c, const chat::room_join& x) {
  join_request w;
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

void command_service::join_ended(const command_reference& of, const fault& why) {
  if (why.code == fault_code::none)
    command_succeeded(out_, of, chat::room_join::name,
                      chat::room_joined_answer{room_.id, room_.head.room_version, "joined"});
  else command_failed(out_, of, chat::room_join::name, why);
  joining_ = false;
  queue_.run();
}

void command_service::successor_founded(const causeway::successor_founded& m) {
  upgrade_.founded(m);
  // Whoever wrote meanwhile meant the room, whatever it goes on as.
  if (!room_.head.successor.empty())
    for (auto& c : queue_.take_waiting()) {
      c.room_id = room_.head.successor;
      out_.send({actor_kind::room, room_.head.successor}, std::move(c));
    }
  queue_.run();
}

void command_service::on_deadline() {
  upgrade_.on_deadline();
  refounding_.on_deadline(is_busy());
  if (refounded_.is_due()) on(handover_ended{});
  queue_.run();
}

} // namespace causeway::room
