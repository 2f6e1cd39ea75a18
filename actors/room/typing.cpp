// Users of other servers who are typing. Nobody is told that a server has gone, so what it said ends by itself.
// Source: server-server-api, "Typing Notifications".
#include "actors/room/room_machine.hpp"

#include "messages/chat/codec.hpp"
#include "messages/matrix/server_acl.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

/// As long as other homeservers believe it; they repeat it before.
constexpr time_ms believed_ms = 60'000;
/// Users of one room who are typing at once; what others type is not told.
constexpr std::size_t typists_max = 1'000;

} // namespace

void room_machine::take_typing(const edu_received& m) {
  if (m.body.edu_type != "m.typing" || !exists_) return;
  const auto* user = m.body.content.find("user_id");
  const auto* typing = m.body.content.find("typing");
  if (!user || !user->as_string() || !typing || !typing->as_bool()) return;
  const auto& id = *user->as_string();
  if (graph_.membership(id) != "join") return;
  auto acl = graph_.state_event("m.room.server_acl");
  if (!matrix::server_acl_allows(acl ? &acl->content() : nullptr, m.origin)) return;
  if (*typing->as_bool()) {
    if (typing_until_.size() >= typists_max && !typing_until_.contains(id)) return;
    if (typing_until_.empty()) out_.wake_at(out_.now() + believed_ms, "typing");
    typing_until_[id] = out_.now() + believed_ms;
  } else {
    typing_until_.erase(id);
  }
  tell_typing(id, *typing->as_bool());
}

void room_machine::tell_typing(const std::string& user, bool is_typing) {
  const chat::typing_changed n{head_.chat_room_id, room_id_, user, is_typing};
  out_.send_at_once({actor_kind::session, ""}, ephemeral_notification{"typing", "typing|" + room_id_ + "|" + user, chat::encode(n)});
}

void room_machine::typing_overdue() {
  std::vector<std::string> silent;
  for (const auto& [user, until] : typing_until_)
    if (until <= out_.now()) silent.push_back(user);
  for (const auto& user : silent) {
    typing_until_.erase(user);
    tell_typing(user, false);
  }
  if (typing_until_.empty()) return;
  const auto next = std::min_element(typing_until_.begin(), typing_until_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  out_.wake_at(next->second, "typing");
}

} // namespace causeway::room
