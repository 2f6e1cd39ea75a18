#include "actors/room/member_updates.hpp"

#include <set>
#include <string>
#include <utility>

namespace causeway::room {
namespace {

using matrix::json::object;

void set_or_erase(object& content, std::string_view key, const std::string& text) {
  if (text.empty()) content.erase(key);
  else content.set(key, text);
}

/// What a membership says of its user when the profile is this one.
object with_profile(object content, const member_update_request& m) {
  set_or_erase(content, "displayname", m.display_name);
  set_or_erase(content, "avatar_url", m.avatar_url);
  for (const auto* key : {"join_authorised_via_users_server", "reason"}) content.erase(key); // of how they came in
  return content;
}

} // namespace

std::optional<chat_command> member_updates::want(const member_update_request& m) {
  const auto stands = room_.takes_part() ? room_.graph.state_event("m.room.member", m.user_id) : nullptr;
  const auto membership = stands ? stands->membership() : matrix::membership::none;
  if (m.leaves && membership == matrix::membership::join) {
    answer(m, false); // whoever asks again finds out whether it could be done
    chat_command leave;
    leave.body = std::make_shared<const chat::command>(chat::member_leave{room_.id, m.user_id, {}});
    leave.room_id = room_.id;
    return leave;
  }
  const bool concerns = m.leaves ? membership == matrix::membership::invite || membership == matrix::membership::knock
                                 : membership == matrix::membership::join;
  auto content = !concerns ? object{} : m.leaves ? object{{"membership", "leave"}} : with_profile(stands->content(), m);
  if (!concerns || content == stands->content()) {
    answer(m, true);
    return {};
  }
  auto e = authoring_.author({"m.room.member", m.user_id, m.user_id, std::move(content)});
  if (e.waits()) {
    authoring_.try_again_later(m);
    return {};
  }
  const auto done = e ? authoring_.commit(*e) : status{e.error()};
  if (!done)
    out_.log(log_level::warning, "R151 user's profile or leave not written into the room",
             {{"room", room_.id}, {"user", m.user_id}, {"why", to_string(done.error())}});
  // What the rules do not allow they will not allow later.
  answer(m, done || !info(done.error().code).retryable);
  return {};
}

void member_updates::note_members() {
  std::set<std::string> users;
  for (const auto& row : out_.writes()) {
    const auto* put = std::get_if<store::put_event>(&row);
    if (!put || !put->event || put->judged == store::verdict::rejected || put->event->type != "m.room.member") continue;
    if (const auto& user = put->event->state_key; user && room_.node.is_local(*user)) users.insert(*user);
  }
  for (const auto& user : users) out_.write(store::put_member_room{room_.id, user});
  if (!room_.takes_part()) return;
  local_users_joined joined{room_.id, {}};
  for (const auto& user : users)
    if (room_.graph.membership(user) == matrix::membership::join) joined.users.push_back(user);
  if (!joined.users.empty()) out_.send({actor_kind::directory, ""}, std::move(joined));
}

} // namespace causeway::room
