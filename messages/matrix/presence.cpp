#include "messages/matrix/presence.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <utility>

namespace causeway::matrix {
namespace {

std::optional<presence> read_entry(const json::value& entry, std::string_view origin) {
  const auto* user = entry.find_string("user_id");
  const auto* word = entry.find_string("presence");
  if (!user || !word || !is_user_id(*user) || server_name_of(*user) != origin) return {};
  const auto* const known = std::ranges::find(presence_states, std::string_view{*word});
  if (known == std::end(presence_states)) return {};
  presence x;
  x.user_id = *user;
  x.state = static_cast<presence_state>(known - std::begin(presence_states));
  if (const auto* ago = entry.find_integer("last_active_ago"); ago && *ago >= 0) x.last_active_ago_ms = *ago;
  if (const auto* status = entry.find_string("status_msg"); status && status->size() <= presence_status_bytes_max)
    x.status = *status;
  if (const auto* active = entry.find_bool("currently_active")) x.is_active = *active;
  return x;
}

} // namespace

std::vector<presence> presences_of(const json::object& content, std::string_view origin) {
  std::vector<presence> found;
  const auto* told = content.find("push");
  const auto* list = told ? told->as_array() : nullptr;
  if (!list) return found;
  for (std::size_t i = 0; i < list->size() && i < presences_read_max; ++i) {
    auto x = read_entry((*list)[i], origin);
    if (!x) continue;
    const auto before = std::ranges::find(found, x->user_id, &presence::user_id);
    if (before != found.end()) *before = std::move(*x);
    else found.push_back(std::move(*x));
  }
  return found;
}

std::string presence_content(const std::vector<presence>& all) {
  json::array list;
  for (const auto& x : all) {
    json::object entry{{"user_id", x.user_id}, {"presence", presence_states[static_cast<std::size_t>(x.state)]}};
    if (x.last_active_ago_ms) entry.set("last_active_ago", *x.last_active_ago_ms);
    if (!x.status.empty()) entry.set("status_msg", x.status);
    entry.set("currently_active", x.is_active);
    list.emplace_back(std::move(entry));
  }
  return json::canonical(json::object{{"push", std::move(list)}});
}

} // namespace causeway::matrix
