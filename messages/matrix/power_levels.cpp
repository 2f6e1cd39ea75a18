#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/power_level_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace causeway::matrix {

namespace {

constexpr std::int64_t level_max = infinite_power - 1;

std::optional<std::int64_t> parse_integer(std::string_view digits) {
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative || (!digits.empty() && digits.front() == '+'))
    digits.remove_prefix(1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  std::int64_t magnitude = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude);
  if (error == std::errc::result_out_of_range || magnitude > level_max)
    magnitude = level_max;
  return negative ? -magnitude : magnitude;
}

std::string_view without_white_space(std::string_view text) {
  constexpr std::string_view white = " \t\n\v\f\r";
  const auto first = text.find_first_not_of(white);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

// "First the exponent is applied, then the value is cut at the decimal point"; what does not fit a double is refused.
std::optional<std::int64_t> parse_float(const std::string& text) {
  const double x = std::strtod(text.c_str(), nullptr);
  if (!std::isfinite(x))
    return std::nullopt;
  constexpr double bound = 9.2e18; // inside int64_t, whose own bound is not a double
  if (x >= bound)
    return level_max;
  if (x <= -bound)
    return -level_max;
  return static_cast<std::int64_t>(x);
}

std::int64_t default_level(std::string_view action) {
  return action == "ban" || action == "kick" || action == "redact" || action == "state_default" ? 50 : 0;
}

std::optional<std::int64_t> level_in(const json::object& levels, std::string_view key, const room_version_rules& rules) {
  const auto* found = levels.find(key);
  return found ? read_level(*found, rules) : std::nullopt;
}

std::optional<std::int64_t> level_in(const json::object& content, std::string_view map, std::string_view key,
                                     const room_version_rules& rules) {
  const auto* found = content.find(map);
  const auto* levels = found ? found->as_object() : nullptr;
  return levels ? level_in(*levels, key, rules) : std::nullopt;
}

} // namespace

std::optional<std::int64_t> read_level(const json::value& x, const room_version_rules& rules) {
  if (const auto* integer = x.as_integer())
    return *integer;
  if (rules.integer_power_levels)
    return std::nullopt;
  if (const auto* text = x.as_string())
    return parse_integer(without_white_space(*text));
  if (const auto* number = x.as_number_text()) {
    if (const auto integer = parse_integer(number->text))
      return integer;
    return parse_float(number->text);
  }
  return std::nullopt;
}

power_levels::power_levels(const event* create, const event* power_levels_event)
  : create_{create}, event_{power_levels_event} {}

bool power_levels::is_creator(std::string_view user_id) const {
  if (!create_)
    return false;
  const auto& content = create_->content();
  if (!create_->rules().implicit_creator) {
    const auto* creator = content.find("creator");
    const auto* name = creator ? creator->as_string() : nullptr;
    return name && *name == user_id;
  }
  if (create_->sender == user_id)
    return true;
  if (!create_->rules().privileged_creators)
    return false;
  const auto* additional = content.find("additional_creators");
  const auto* names = additional ? additional->as_array() : nullptr;
  return names && std::any_of(names->begin(), names->end(), [&](const json::value& x) {
    const auto* name = x.as_string();
    return name && *name == user_id;
  });
}

std::int64_t power_levels::of_user(std::string_view user_id) const {
  if (create_ && create_->rules().privileged_creators && is_creator(user_id))
    return infinite_power;
  if (!event_)
    return is_creator(user_id) ? 100 : 0;
  if (const auto own = level_in(event_->content(), "users", user_id, event_->rules()))
    return *own;
  return of_action("users_default");
}

std::int64_t power_levels::of_action(std::string_view action) const {
  if (event_)
    if (const auto level = level_in(event_->content(), action, event_->rules()))
      return *level;
  return default_level(action);
}

std::int64_t power_levels::of_event(std::string_view type, bool is_state) const {
  if (event_)
    if (const auto level = level_in(event_->content(), "events", type, event_->rules()))
      return *level;
  return of_action(is_state ? "state_default" : "events_default");
}

std::int64_t power_levels::of_notification(std::string_view key) const {
  if (event_)
    if (const auto level = level_in(event_->content(), "notifications", key, event_->rules()))
      return *level;
  return 50;
}

bool redaction_applies(const event& redaction, const event& target, const power_levels& levels) {
  return levels.of_user(redaction.sender) >= levels.of_action("redact")
         || server_name_of(redaction.sender) == server_name_of(target.sender);
}

} // namespace causeway::matrix
