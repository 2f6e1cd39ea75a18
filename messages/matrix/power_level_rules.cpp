#include "messages/matrix/power_level_rules.hpp"

#include "messages/matrix/forbidden.hpp"
#include "messages/matrix/level_changes.hpp"

#include <algorithm>
#include <array>

// Numbers are those of room version 12.
namespace causeway::matrix {

namespace {

constexpr std::array<std::string_view, 7> scalars{"users_default", "events_default", "state_default", "ban",
                                                  "redact",        "kick",           "invite"};

// Absent, or an object of integers.
bool is_map_of_levels(const json::value* x, const room_version_rules& rules) {
  const auto* map = x ? x->as_object() : nullptr;
  return !x || (map && std::all_of(map->begin(), map->end(), [&](const json::member& level) {
                  return read_level(level.mapped, rules).has_value();
                }));
}

// What servers ask of a key of `users`, in every version: less than the grammar of user ids. A blank behind the name is
// a key like any other; whoever refused it would not be in the room that the others are in.
bool names_a_user(std::string_view key) { return key.starts_with('@') && key.find(':') != std::string_view::npos; }

bool names_a_creator(const json::object& users, const event& create) {
  if (users.contains(create.sender)) return true;
  const auto* additional = create.content().find("additional_creators");
  const auto* names = additional ? additional->as_array() : nullptr;
  if (!names) return false;
  for (const auto& name : *names)
    if (const auto* user_id = name.as_string(); user_id && users.contains(*user_id)) return true;
  return false;
}

// Rules 10.1 to 10.4: the event by itself. Up to version 9 only `users` is looked at.
status check_levels_are_allowed(const event& x, const event& create) {
  const auto& content = x.content();
  const auto& rules = x.rules();
  if (rules.integer_power_levels) {
    for (const auto name : scalars)
      if (const auto* level = content.find(name); level && !read_level(*level, rules))
        return forbidden("10.1 " + std::string{name} + " is not an integer");
    for (const auto* name : {"events", "notifications"})
      if (!is_map_of_levels(content.find(name), rules))
        return forbidden("10.2 " + std::string{name} + " is not an object of integers");
  }
  const auto* users = content.find("users");
  if (!is_map_of_levels(users, rules)) return forbidden("10.3 users is not an object of integers");
  if (!users) return ok();
  for (const auto& [key, level] : *users->as_object())
    if (!names_a_user(key)) return forbidden("10.3 users names something that is no user id");
  if (rules.privileged_creators && names_a_creator(*users->as_object(), create))
    return forbidden("10.4 users contains a creator");
  return ok();
}

json::value scalars_of(const json::object& content) {
  json::object result;
  for (const auto name : scalars)
    if (const auto* level = content.find(name)) result.set(name, *level);
  return json::value{std::move(result)};
}

/// The levels of two m.room.power_levels events beside each other, and who wants to change them.
struct comparison {
  const event& before;
  const event& after;
  const power_level& own_level;

  std::optional<std::vector<level_change>> changes(const json::value* old_member, const json::value* new_member) const {
    return level_changes(old_member, before.rules(), new_member, after.rules());
  }
  // 10.6 and 10.7: neither the current nor the new value may be higher than the sender's.
  status within_own_level(const char* rule, const json::value* old_member, const json::value* new_member) const {
    const auto found = changes(old_member, new_member);
    if (!found) return forbidden(std::string{rule} + " a level cannot be read");
    for (const auto& [key, old_level, new_level] : *found) {
      if (old_level && *old_level > own_level)
        return forbidden(std::string{rule} + " level of " + key + " was above the sender's");
      if (new_level && *new_level > own_level)
        return forbidden(std::string{rule} + " level of " + key + " would be above the sender's");
    }
    return ok();
  }
  status within_own_level(const char* rule, const char* member) const {
    return within_own_level(rule, before.content().find(member), after.content().find(member));
  }
};

} // namespace

status check_power_levels(const event& x, const event& create, const state_lookup& state, const power_levels& levels) {
  if (auto verdict = check_levels_are_allowed(x, create); !verdict) return verdict;
  if (!x.state_key) return forbidden("10 m.room.power_levels without state_key");

  // 10.5 "If there is no previous m.room.power_levels event in the room, allow." One with a state_key of its own has no
  // power and no previous event either: it is not among what the rules may look at.
  const auto* previous = x.state_key->empty() ? state("m.room.power_levels", "") : nullptr;
  if (!previous) return ok();

  const auto own_level = levels.user(x.sender);
  if (!own_level) return forbidden("10 the sender's level cannot be read");
  const comparison compared{*previous, x, *own_level};
  const auto old_scalars = scalars_of(previous->content()), new_scalars = scalars_of(x.content());
  if (auto verdict = compared.within_own_level("10.6", &old_scalars, &new_scalars); !verdict) return verdict;
  if (auto verdict = compared.within_own_level("10.7", "events"); !verdict) return verdict;
  if (x.rules().limit_notifications_levels)
    if (auto verdict = compared.within_own_level("10.7", "notifications"); !verdict) return verdict;

  // 10.9 A user of the sender's own level or above is out of reach, the sender's own entry excepted; 10.10 nobody is
  // raised above the sender.
  const auto changed = compared.changes(previous->content().find("users"), x.content().find("users"));
  if (!changed) return forbidden("10.9 a user's level cannot be read");
  for (const auto& [user_id, old_level, new_level] : *changed) {
    if (user_id != x.sender && old_level && *old_level >= *own_level)
      return forbidden("10.9 " + user_id + " is not below the sender");
    if (new_level && *new_level > *own_level) return forbidden("10.10 " + user_id + " would be above the sender");
  }
  return ok();
}

} // namespace causeway::matrix
