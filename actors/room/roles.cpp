#include "actors/room/roles.hpp"

#include "actors/room/event_text.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <set>

namespace causeway::room {
namespace {

using matrix::json::object;

const object* users_in(const matrix::event* levels) {
  const auto* found = levels ? levels->content().find("users") : nullptr;
  return found ? found->as_object() : nullptr;
}

void add_named(std::set<std::string>& out, const matrix::event* levels) {
  if (const auto* users = users_in(levels))
    for (const auto& x : *users)
      if (matrix::is_user_id(x.key)) out.insert(x.key);
}

} // namespace

role_scale::role_scale(const matrix::event* create, const matrix::event* levels, bool has_leaders)
    : levels_(create, levels), has_leaders_(has_leaders), users_default_(levels_.of_action("users_default")),
      moderate_(std::max({levels_.of_action("kick"), levels_.of_action("ban"), levels_.of_action("redact")})),
      own_(std::max(moderate_, levels_.of_event("m.room.power_levels", true))),
      speak_(levels_.of_event("m.room.message", false)) {}

chat::role role_scale::at(std::int64_t level) const {
  if (level >= own_) return chat::role::owner;
  if (level >= moderate_) return chat::role::moderator;
  if (level < speak_) return chat::role::muted;
  if (has_leaders_ && level > std::max<std::int64_t>(users_default_, 0)) return chat::role::leader;
  return chat::role::member;
}

std::optional<std::int64_t> role_scale::level_of(chat::role wanted) const {
  // The least level that will do: nobody can give one above their own.
  std::vector<std::int64_t> candidates;
  switch (wanted) {
  case chat::role::owner: candidates = {own_}; break;
  case chat::role::moderator: candidates = {moderate_}; break;
  case chat::role::leader: candidates = {leader_level, std::max<std::int64_t>(users_default_, 0) + 1}; break;
  case chat::role::member: candidates = {users_default_, speak_}; break;
  case chat::role::muted: candidates = {users_default_, speak_ - 1}; break;
  }
  for (const auto level : candidates)
    if (level >= -limits::canonical_integer_max && level <= limits::canonical_integer_max && at(level) == wanted)
      return level;
  return {};
}

const char* word_of(chat::role x) { return chat::roles[static_cast<std::size_t>(x)]; }

const char* state_type(chat::action x) {
  using chat::action;
  switch (x) {
  case action::set_name: return "m.room.name";
  case action::set_topic: return "m.room.topic";
  case action::set_avatar: return "m.room.avatar";
  case action::set_role: return levels_type;
  case action::upgrade: return "m.room.tombstone";
  default: return nullptr;
  }
}

std::int64_t level_needed(const matrix::power_levels& levels, chat::action x) {
  using chat::action;
  switch (x) {
  case action::send: return levels.of_event("m.room.message", false);
  case action::mention_room: return std::max(levels.of_event("m.room.message", false), levels.of_notification("room"));
  case action::react: return levels.of_event("m.reaction", false);
  case action::delete_own: return levels.of_event("m.room.redaction", false);
  case action::delete_others: return std::max(levels.of_event("m.room.redaction", false), levels.of_action("redact"));
  case action::invite: return levels.of_action("invite");
  case action::kick: return levels.of_action("kick");
  case action::ban: return levels.of_action("ban");
  case action::unban: return std::max(levels.of_action("kick"), levels.of_action("ban"));
  default: return levels.of_event(state_type(x), true);
  }
}

object with_level(const matrix::event& create, const matrix::event* levels, const std::string& user,
                  std::int64_t level) {
  object content = levels ? levels->content() : object{};
  const auto* named = users_in(levels);
  object users = named ? *named : object{};
  if (!levels && !create.rules().privileged_creators)
    users.set(create.rules().implicit_creator ? create.sender : text_of(create, "creator"), 100);
  const matrix::power_levels now{&create, levels};
  if (level == now.of_action("users_default")) users.erase(user);
  else users.set(user, level);
  content.set("users", std::move(users));
  return content;
}

std::vector<changed_role> changed_roles(const matrix::event* create, const matrix::event* before,
                                        const matrix::event* after, bool has_leaders) {
  const role_scale then{create, before, has_leaders}, now{create, after, has_leaders};
  std::vector<changed_role> out;
  if (then.of_default() != now.of_default())
    out.push_back({{}, then.of_default(), now.of_default(), now.levels().of_action("users_default")});
  std::set<std::string> named;
  add_named(named, before);
  add_named(named, after);
  for (const auto& user : named)
    if (const auto was = then.of_user(user), is = now.of_user(user); was != is)
      out.push_back({user, was, is, shown_level(now.levels().of_user(user))});
  return out;
}

std::int64_t shown_level(std::int64_t level) {
  return std::clamp(level, -limits::canonical_integer_max, limits::canonical_integer_max);
}

} // namespace causeway::room
