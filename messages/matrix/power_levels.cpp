#include "messages/matrix/auth_rules.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::matrix {

namespace {

std::int64_t default_level(std::string_view action) {
  return action == "ban" || action == "kick" || action == "redact" || action == "state_default" ? 50 : 0;
}

// A null stands for a member that is absent, except where it is said otherwise.
bool is_told(const json::value* x) { return x && !x->is_null(); }

std::optional<std::int64_t> number(const json::value* x, const room_version_rules& rules) {
  const auto level = x ? read_level(*x, rules) : std::nullopt;
  return level ? std::optional{level->clamped()} : std::nullopt;
}

} // namespace

power_levels::power_levels(const event* create, const event* power_levels_event)
    : create_{create}, event_{power_levels_event} {}

const json::value* power_levels::find(std::string_view key) const {
  return event_ ? event_->content().find(key) : nullptr;
}

bool power_levels::is_creator(std::string_view user_id) const {
  if (!create_) return false;
  const auto& content = create_->content();
  if (!create_->rules().implicit_creator) {
    const auto* creator = content.find("creator");
    const auto* name = creator ? creator->as_string() : nullptr;
    return name && *name == user_id;
  }
  if (create_->sender == user_id) return true;
  if (!create_->rules().privileged_creators) return false;
  const auto* additional = content.find("additional_creators");
  const auto* names = additional ? additional->as_array() : nullptr;
  return names && std::any_of(names->begin(), names->end(), [&](const json::value& x) {
           const auto* name = x.as_string();
           return name && *name == user_id;
         });
}

std::optional<power_level> power_levels::user(std::string_view user_id) const {
  if (create_ && create_->rules().privileged_creators && is_creator(user_id)) return power_level{infinite_power};
  if (!event_) return power_level{is_creator(user_id) ? 100 : 0};
  if (const auto* users = find("users")) {
    if (!users->as_object()) return std::nullopt;
    if (const auto* own = users->find(user_id); is_told(own)) return read_level(*own, event_->rules());
  }
  const auto* level = find("users_default");
  return is_told(level) ? read_level(*level, event_->rules()) : power_level{};
}

std::optional<power_level> power_levels::action(std::string_view action) const {
  const auto* level = find(action);
  return is_told(level) ? read_level(*level, event_->rules()) : power_level{default_level(action)};
}

std::optional<power_level> power_levels::type(std::string_view type, bool is_state) const {
  if (const auto* events = find("events")) {
    if (!events->as_object()) return std::nullopt;
    if (const auto* level = events->find(type); is_told(level)) return read_level(*level, event_->rules());
  }
  // Here a null is no absence: servers fail on it.
  const auto* fallback = is_state ? "state_default" : "events_default";
  const auto* level = find(fallback);
  return level ? read_level(*level, event_->rules()) : power_level{default_level(fallback)};
}

std::int64_t power_levels::of_user(std::string_view user_id) const {
  if (create_ && create_->rules().privileged_creators && is_creator(user_id)) return infinite_power;
  if (!event_) return is_creator(user_id) ? 100 : 0;
  const auto* users = find("users");
  return number(users ? users->find(user_id) : nullptr, event_->rules()).value_or(of_action("users_default"));
}

std::int64_t power_levels::of_action(std::string_view action) const {
  const auto* level = find(action);
  return level ? number(level, event_->rules()).value_or(default_level(action)) : default_level(action);
}

std::int64_t power_levels::of_event(std::string_view type, bool is_state) const {
  const auto* events = find("events");
  const auto* level = events ? events->find(type) : nullptr;
  const auto own = level ? number(level, event_->rules()) : std::nullopt;
  return own ? *own : of_action(is_state ? "state_default" : "events_default");
}

std::int64_t power_levels::of_notification(std::string_view key) const {
  const auto* notifications = find("notifications");
  const auto* level = notifications ? notifications->find(key) : nullptr;
  return level ? number(level, event_->rules()).value_or(50) : 50;
}

bool redaction_applies(const event& redaction, const event& target, const power_levels& levels) {
  return levels.of_user(redaction.sender) >= levels.of_action("redact") ||
         server_name_of(redaction.sender) == server_name_of(target.sender);
}

} // namespace causeway::matrix
