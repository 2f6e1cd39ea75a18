#include "messages/chat/commands.hpp"
#include "messages/text.hpp"

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

std::optional<broken_rule> media_put::broken() const {
  if (offset > total_bytes || bytes.size() > total_bytes - offset) return {{"bytes", "reach beyond total_bytes"}};
  return {};
}

} // namespace causeway::chat
