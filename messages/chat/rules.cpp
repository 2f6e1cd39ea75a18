#include "messages/chat/commands.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json.hpp"
#include "messages/text.hpp"

#include <utility>

/// Rules over several fields of a command. Those over one field stand beside it.
namespace causeway::chat {

std::optional<broken_rule> room_create::broken() const {
  if (!members_of.empty() && (type != room_type::channel || access == visibility::public_))
    return {{"members_of", "is for a channel that is not public"}};
  if (type != room_type::channel && access != visibility::private_)
    return {{"visibility", "may be public or knock for a channel only"}};
  if (type != room_type::channel && alias) return {{"alias", "is for a channel only"}};
  return {};
}

std::optional<broken_rule> file::broken() const {
  for (const auto number : {size_bytes, width.value_or(0), height.value_or(0), duration_ms.value_or(0)})
    if (number > number_max) return {{"size_bytes", "and width, height, duration_ms are at most 2^53-1"}};
  return {};
}

std::optional<broken_rule> message_send::broken() const {
  // Nobody would see it, and the users whom it mentions would look for what called them.
  if (!text::shows_something(text)) {
    if (html) return {{"text", "has nothing that can be seen: html is shown by some, the text by all"}};
    if (files.empty()) return {{"text", "has nothing that can be seen, and there are no files"}};
  }
  if (files.size() > files_max)
    return {{"files", "has more than " + std::to_string(files_max) + " entries", fault_code::too_large}};
  if (text.size() + (html ? html->size() : 0) > limits::authored_content_bytes_max)
    return {{"text", "and html are over " + std::to_string(limits::authored_content_bytes_max) + " bytes together",
             fault_code::too_large}};
  return {};
}

std::optional<broken_rule> message_edit::broken() const {
  if (!text::shows_something(text))
    return {{"text", "has nothing that can be seen: message.delete takes a message away"}};
  if (text.size() + (html ? html->size() : 0) > limits::edited_content_bytes_max)
    return {{"text", "and html are over " + std::to_string(limits::edited_content_bytes_max) + " bytes together",
             fault_code::too_large}};
  return {};
}

std::optional<broken_rule> query_can::broken() const {
  const bool is_on_somebody =
    what == action::kick || what == action::ban || what == action::unban || what == action::set_role;
  if (is_on_somebody && !target) return {{"target", "is missing: on whom?"}};
  if (what == action::set_role && !wanted) return {{"role", "is missing: which one?"}};
  return {};
}

std::optional<broken_rule> user_profile::broken() const {
  if (!further) return {};
  if (further->size() > profile_fields_max)
    return {{"fields", "has more than " + std::to_string(profile_fields_max) + " entries", fault_code::too_large}};
  for (const auto& [key, value] : *further) {
    if (!matrix::is_profile_field(key))
      return {{"fields", "has " + text::quoted(key) + ", which is no name of a further field"}};
    if (value.empty()) continue;
    const auto parsed = matrix::json::parse(value);
    if (!parsed || !matrix::json::is_canonical(*parsed))
      return {{"fields", "has a value for " + text::quoted(key) + " that is no JSON, or has fractions in it"}};
  }
  return {};
}

std::optional<broken_rule> federation_configure::broken() const {
  const auto is_long = [](const auto& list) { return list && list->size() > listed_servers_max; };
  if (!is_long(allow) && !is_long(deny)) return {};
  return {{is_long(allow) ? "allow" : "deny", "has more than " + std::to_string(listed_servers_max) + " entries",
           fault_code::too_large}};
}

std::optional<broken_rule> query_verify_users::broken() const {
  if (users.size() > verified_users_max)
    return {{"users", "has more than " + std::to_string(verified_users_max) + " entries", fault_code::too_large}};
  return {};
}

std::optional<broken_rule> media_put::broken() const {
  if (offset > total_bytes || bytes.size() > total_bytes - offset) return {{"bytes", "reach beyond total_bytes"}};
  return {};
}

} // namespace causeway::chat
