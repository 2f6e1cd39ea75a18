#include "actors/room/typing.hpp"

#include "messages/chat/codec.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

/// As long as other homeservers believe it; they repeat it before.
constexpr time_ms believed_ms = 60'000;

} // namespace

void typing::receive(const edu_received& m) {
  if (m.body.edu_type != "m.typing" || !room_.exists || !room_.node.settings().federation.typing) return;
  const auto* user = m.body.content.find("user_id");
  const auto* is_typing = m.body.content.find("typing");
  if (!user || !user->as_string() || !is_typing || !is_typing->as_bool()) return;
  const auto& id = *user->as_string();
  if (room_.graph.membership(id) != matrix::membership::join) return;
  if (!room_.acl_admits(m.origin)) return;
  if (*is_typing->as_bool()) {
    if (until_.size() >= users_max && !until_.contains(id)) return;
    if (until_.empty()) alarm_.set(out_.now() + believed_ms);
    until_[id] = out_.now() + believed_ms;
  } else {
    until_.erase(id);
  }
  notify(id, *is_typing->as_bool());
}

void typing::notify(const std::string& user, bool is_typing) {
  const chat::typing_changed n{room_.head.chat_room_id, room_.id, user, is_typing};
  out_.send_at_once({actor_kind::session, ""},
                    ephemeral_notification{"typing", "typing|" + room_.id + "|" + user, chat::encode(n)});
}

void typing::on_deadline() {
  alarm_.clear();
  std::vector<std::string> silent;
  for (const auto& [user, until] : until_)
    if (until <= out_.now()) silent.push_back(user);
  for (const auto& user : silent) {
    until_.erase(user);
    notify(user, false);
  }
  if (until_.empty()) return;
  const auto next =
    std::min_element(until_.begin(), until_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  alarm_.set(next->second);
}

} // namespace causeway::room
