#include "actors/room/successor_state.hpp"

#include "actors/room/event_text.hpp"
#include "actors/room/found_room.hpp"
#include "actors/room/roles.hpp"
#include "messages/matrix/auth_rules.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace causeway::room {
namespace {

using matrix::json::array;
using matrix::json::object;

constexpr const char* tombstone_type = "m.room.tombstone";

/// As they are. Levels and join rules follow rules of their own, and an alias is moved.
constexpr const char* copied_types[] = {
  "m.room.history_visibility", "m.room.guest_access", "m.room.name", "m.room.topic", "m.room.avatar",
  "m.room.server_acl",         "m.room.encryption"};

/// Level of those who upgrade a room, where the version gives its creators no level of their own; what others may do at
/// most without it.
constexpr std::int64_t owner_level = 100, beyond_owner_level = 150;

std::vector<std::string> creators_of(const matrix::event& create) {
  std::vector<std::string> found{create.sender};
  const auto* more = create.content().find("additional_creators");
  if (more && more->as_array())
    for (const auto& user : *more->as_array())
      if (user.as_string()) found.push_back(*user.as_string());
  return found;
}

const matrix::event* find(const std::vector<matrix::event_ptr>& state, std::string_view type) {
  const auto found = std::find_if(state.begin(), state.end(), [&](const auto& e) { return e->is_state(type, ""); });
  return found == state.end() ? nullptr : found->get();
}

/// @param create  of the old room, or null
object levels_for(const matrix::event& levels, const matrix::event* old_create, const matrix::event& create) {
  auto content = levels.content();
  const bool had_creators = old_create && old_create->rules().privileged_creators;
  const bool has_creators = create.rules().privileged_creators;
  object users, events;
  if (const auto* named = content.find("users"); named && named->as_object()) users = *named->as_object();
  if (const auto* named = content.find("events"); named && named->as_object()) events = *named->as_object();
  if (has_creators) {
    // Whom the room itself gives all power must have no level.
    for (const auto& user : creators_of(create)) users.erase(user);
    // To end a room is for those who have made it.
    if (!had_creators) events.set(tombstone_type, beyond_owner_level);
  } else if (had_creators) {
    for (const auto& user : creators_of(*old_create)) users.set(user, owner_level);
    if (const auto* level = events.find(tombstone_type);
        level && level->as_integer() && *level->as_integer() > owner_level)
      events.set(tombstone_type, owner_level);
  }
  content.set("users", std::move(users));
  content.set("events", std::move(events));
  return content;
}

/// Who was in the old room may come, whoever could come there before.
object join_rules_for(const matrix::event* rules, const std::string& predecessor, const matrix::event& create) {
  auto content = rules ? rules->content() : object{};
  const auto rule = rules ? text_of(*rules, "join_rule") : std::string{};
  if (rule == "public") return content;
  const bool knocks = rule == "knock" || rule == "knock_restricted";
  content.set("join_rule", knocks && create.rules().knock_restricted ? "knock_restricted" : "restricted");
  array allow;
  if (const auto* named = content.find("allow"); named && named->as_array() && rule.ends_with("restricted"))
    allow = *named->as_array();
  allow.emplace_back(object{{"room_id", predecessor}, {"type", "m.room_membership"}});
  content.set("allow", std::move(allow));
  return content;
}

draft membership_of(const matrix::event& member, const std::string& sender, const char* membership) {
  object content{{"membership", membership}};
  for (const auto* key : {"displayname", "avatar_url", "reason"})
    if (const auto* told = member.content().find(key); told && told->as_string()) content.set(key, *told);
  return {"m.room.member", sender, member.state_key, std::move(content)};
}

} // namespace

result<matrix::event_ptr> successor_create(const room_state& old, const matrix::room_version_rules& rules,
                                           const std::string& by, std::string_view random, time_ms now) {
  const auto& create = *old.graph.create();
  auto content = create.content(); // its type, whether it federates, and what nobody here knows
  for (const auto* key : {"room_version", "creator", "predecessor", "additional_creators", "causeway.nonce"})
    content.erase(key);
  object predecessor{{"room_id", old.id}};
  if (!old.graph.extremities().empty()) predecessor.set("event_id", old.graph.extremities().front());
  content.set("predecessor", std::move(predecessor));
  if (rules.privileged_creators && create.rules().privileged_creators) {
    // Nobody could take from them what they have by it.
    array others;
    for (const auto& user : creators_of(create))
      if (user != by) others.emplace_back(user);
    if (!others.empty()) content.set("additional_creators", std::move(others));
  }
  return sign_create(old.node, rules, by, std::move(content), random, now);
}

std::vector<matrix::event_ptr> state_to_copy(const room_state& old) {
  std::vector<matrix::event_ptr> found;
  const auto add = [&](const char* type) {
    if (auto e = old.graph.state_event(type)) found.push_back(std::move(e));
  };
  found.push_back(old.graph.create());
  for (const auto* type : copied_types) add(type);
  for (const auto* type : {levels_type, "m.room.join_rules", "m.room.canonical_alias", "m.room.policy"}) add(type);
  std::size_t bans = 0;
  old.graph.for_each_member(old.graph.current(), [&](const matrix::event_ptr& e) {
    const auto membership = e->membership();
    if (membership == matrix::membership::ban && bans++ < copied_bans_max) found.push_back(e);
    if (membership == matrix::membership::join && old.node.is_local(*e->state_key)) found.push_back(e);
    return true;
  });
  return found;
}

std::vector<draft> successor_drafts(const context& node, const successor_request& m) {
  const auto& create = *m.create;
  const auto& by = create.sender;
  std::vector<draft> drafts;
  const auto set = [&](const char* type, object content) { drafts.push_back({type, by, "", std::move(content)}); };
  const auto member = [&](const matrix::event_ptr& e) { return e->type == "m.room.member" && e->is_state(); };
  const auto own =
    std::find_if(m.state.begin(), m.state.end(), [&](const auto& e) { return member(e) && *e->state_key == by; });
  drafts.push_back(own != m.state.end() ? membership_of(**own, by, "join")
                                        : draft{"m.room.member", by, by, {{"membership", "join"}}});
  const auto rules = join_rules_for(find(m.state, "m.room.join_rules"), m.predecessor, create);
  set("m.room.join_rules", rules);
  for (const auto* type : copied_types)
    if (const auto* e = find(m.state, type); e && !e->content().empty()) set(type, e->content());
  const bool is_public = *rules.find("join_rule")->as_string() == "public";
  for (const auto& e : m.state) {
    if (!member(e) || *e->state_key == by) continue;
    if (e->membership() == matrix::membership::ban) drafts.push_back(membership_of(*e, by, "ban"));
    if (e->membership() != matrix::membership::join || !node.is_local(*e->state_key)) continue;
    auto join = membership_of(*e, *e->state_key, "join");
    if (!is_public) join.content.set("join_authorised_via_users_server", by);
    drafts.push_back(std::move(join));
  }
  if (const auto* e = find(m.state, "m.room.canonical_alias"); e && !e->content().empty())
    set("m.room.canonical_alias", e->content());
  if (const auto* e = find(m.state, levels_type))
    set(levels_type, levels_for(*e, find(m.state, "m.room.create"), create));
  if (const auto* e = find(m.state, "m.room.policy"); e && !e->content().empty()) set("m.room.policy", e->content());
  return drafts;
}

} // namespace causeway::room
