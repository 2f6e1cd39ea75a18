#include "messages/matrix/power_level_rules.hpp"

#include "messages/matrix/identifiers.hpp"

#include <array>

// Numbers are those of room version 12.
namespace causeway::matrix {

namespace {

constexpr std::array<std::string_view, 7> scalars{"users_default", "events_default", "state_default", "ban",
                                                  "redact",        "kick",           "invite"};

status forbidden(std::string detail) { return fault{fault_code::forbidden, std::move(detail)}; }

const json::object& map_in(const json::object& content, std::string_view key) {
  static const json::object nothing;
  const auto* found = content.find(key);
  const auto* map = found ? found->as_object() : nullptr;
  return map ? *map : nothing;
}

// Absent, or an object of readable levels.
bool is_map_of_levels(const json::object& content, std::string_view key, const room_version_rules& rules) {
  const auto* found = content.find(key);
  if (!found)
    return true;
  const auto* map = found->as_object();
  if (!map)
    return false;
  for (const auto& [name, level] : *map)
    if (!read_level(level, rules))
      return false;
  return true;
}

bool names_a_creator(const json::object& users, const event& create) {
  if (users.contains(create.sender))
    return true;
  const auto* additional = create.content().find("additional_creators");
  const auto* names = additional ? additional->as_array() : nullptr;
  if (!names)
    return false;
  for (const auto& name : *names)
    if (const auto* user_id = name.as_string(); user_id && users.contains(*user_id))
      return true;
  return false;
}

// Rules 10.1 to 10.4: the event by itself.
//
// Up to version 9 the specification asks this only of `users`. A level that is no number even in the lenient reading
// makes Synapse fail and ruma reject, so it is refused in every version; `notifications` only where anything reads it.
status check_levels_are_lawful(const event& x, const event& create) {
  const auto& content = x.content();
  const auto& rules = x.rules();
  for (const auto name : scalars)
    if (const auto* level = content.find(name); level && !read_level(*level, rules))
      return forbidden("10.1 " + std::string{name} + " is not an integer");
  if (!is_map_of_levels(content, "events", rules))
    return forbidden("10.2 events is not an object of integers");
  if (rules.limit_notifications_levels && !is_map_of_levels(content, "notifications", rules))
    return forbidden("10.2 notifications is not an object of integers");
  if (!is_map_of_levels(content, "users", rules))
    return forbidden("10.3 users is not an object of integers");
  const auto& users = map_in(content, "users");
  for (const auto& [user_id, level] : users)
    if (!is_user_id(user_id))
      return forbidden("10.3 users names something that is no user id");
  if (rules.privileged_creators && names_a_creator(users, create))
    return forbidden("10.4 users contains a creator");
  return ok();
}

using optional_level = std::optional<std::int64_t>;

// Calls `check(key, before, after)` for every key whose level was added, changed or removed, until one is refused.
// Levels are compared as numbers: "50" and 50 are the same.
template <class Check>
status for_each_change(const json::object& before, const room_version_rules& rules_before, const json::object& after,
                       const room_version_rules& rules, Check check) {
  auto old_entry = before.begin();
  auto new_entry = after.begin();
  while (old_entry != before.end() || new_entry != after.end()) {
    const bool has_old = old_entry != before.end() && (new_entry == after.end() || old_entry->key <= new_entry->key);
    const bool has_new = new_entry != after.end() && (old_entry == before.end() || new_entry->key <= old_entry->key);
    const auto& key = has_old ? old_entry->key : new_entry->key;
    optional_level old_level, new_level;
    if (has_old)
      old_level = read_level(old_entry->mapped, rules_before);
    if (has_new)
      new_level = read_level(new_entry->mapped, rules);
    if (old_level != new_level)
      if (auto verdict = check(key, old_level, new_level); !verdict)
        return verdict;
    old_entry += has_old;
    new_entry += has_new;
  }
  return ok();
}

json::object scalars_of(const json::object& content) {
  json::object result;
  for (const auto name : scalars)
    if (const auto* level = content.find(name))
      result.set(name, *level);
  return result;
}

} // namespace

status check_power_levels(const event& x, const event& create, const state_lookup& state, const power_levels& levels) {
  if (auto verdict = check_levels_are_lawful(x, create); !verdict)
    return verdict;

  // 10.5 "If there is no previous m.room.power_levels event in the room, allow." One with a state_key of its own has no
  // power and no previous event either: it is not among what the rules may look at.
  const auto* previous = x.state_key.value_or("").empty() ? state("m.room.power_levels", "") : nullptr;
  if (!previous)
    return ok();

  const auto& before = previous->content();
  const auto& after = x.content();
  const auto own_level = levels.of_user(x.sender);
  // 10.6, 10.7, 10.8: neither the current nor the new value may be higher than the sender's.
  const auto within_own_level = [&](const char* rule) {
    return [&, rule](const std::string& key, optional_level old_level, optional_level new_level) {
      if (old_level && *old_level > own_level)
        return forbidden(std::string{rule} + " level of " + key + " was above the sender's");
      if (new_level && *new_level > own_level)
        return forbidden(std::string{rule} + " level of " + key + " would be above the sender's");
      return ok();
    };
  };
  if (auto verdict = for_each_change(scalars_of(before), previous->rules(), scalars_of(after), x.rules(),
                                     within_own_level("10.6"));
      !verdict)
    return verdict;
  if (auto verdict = for_each_change(map_in(before, "events"), previous->rules(), map_in(after, "events"), x.rules(),
                                     within_own_level("10.7"));
      !verdict)
    return verdict;
  if (x.rules().limit_notifications_levels)
    if (auto verdict = for_each_change(map_in(before, "notifications"), previous->rules(), map_in(after, "notifications"),
                                       x.rules(), within_own_level("10.7"));
        !verdict)
      return verdict;
  // 10.9 A user of the sender's own level or above is out of reach, the sender's own entry excepted; 10.10 nobody is
  // raised above the sender.
  return for_each_change(map_in(before, "users"), previous->rules(), map_in(after, "users"), x.rules(),
                         [&](const std::string& user_id, optional_level old_level, optional_level new_level) {
                           if (user_id != x.sender && old_level && *old_level >= own_level)
                             return forbidden("10.9 " + user_id + " is not below the sender");
                           if (new_level && *new_level > own_level)
                             return forbidden("10.10 " + user_id + " would be above the sender");
                           return ok();
                         });
}

} // namespace causeway::matrix
