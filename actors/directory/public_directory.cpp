#include "actors/directory/public_directory.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace causeway::directory {
namespace {

using matrix::json::object;

std::string lowered(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

} // namespace

bool public_directory::filter::admits(const object& room) const {
  const auto* type = room.find("room_type");
  if (!any_type &&
      !(type ? type->as_string() && std::find(types.begin(), types.end(), *type->as_string()) != types.end()
             : without_type))
    return false;
  if (term.empty()) return true;
  for (const auto* key : {"name", "topic", "canonical_alias"})
    if (const auto* text = room.find(key);
        text && text->as_string() && lowered(*text->as_string()).find(term) != std::string::npos)
      return true;
  return false;
}

public_directory::filter public_directory::filter_for(std::string_view text) {
  filter f;
  f.term = lowered(text);
  return f;
}

// A place between two entries: before or after the one with this many members and this id. As text: `n_<members>_<room
// id>` (what follows it), `p_...` (what precedes it).

std::string public_directory::text_of(bool backwards, const order& at) {
  return (backwards ? "p_" : "n_") + std::to_string(-at.first) + "_" + at.second;
}

std::optional<public_directory::place> public_directory::place_of(std::string_view text) {
  if (!text.starts_with("n_") && !text.starts_with("p_")) return {};
  place t;
  t.backwards = text[0] == 'p';
  text.remove_prefix(2);
  std::int64_t members = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), members);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (problem != std::errc{} || members < 0 || !text.starts_with('_')) return {};
  t.at = {-members, std::string{text.substr(1)}};
  return t;
}

void public_directory::put(const std::string& room_id, const object* entry) {
  if (auto it = members_.find(room_id); it != members_.end()) {
    rooms_.erase({it->second, room_id});
    members_.erase(it);
  }
  const auto* members = entry ? entry->find("num_joined_members") : nullptr;
  if (!members || !members->as_integer()) return;
  members_[room_id] = -*members->as_integer();
  rooms_[{-*members->as_integer(), room_id}] = *entry;
}

std::optional<public_directory::page> public_directory::find(const filter& wanted, std::string_view since,
                                                             std::size_t limit) const {
  place from;
  if (!since.empty()) {
    auto t = place_of(since);
    if (!t) return {};
    from = std::move(*t);
  }
  std::vector<std::map<order, object>::const_iterator> found;
  bool more_before = false, more_after = false;
  if (from.backwards) {
    auto it = rooms_.lower_bound(from.at);
    more_after = it != rooms_.end();
    while (it != rooms_.begin() && !more_before) {
      --it;
      if (!wanted.admits(it->second)) continue;
      if (found.size() == limit) more_before = true;
      else found.push_back(it);
    }
    std::reverse(found.begin(), found.end());
  } else {
    auto it = since.empty() ? rooms_.begin() : rooms_.upper_bound(from.at);
    more_before = it != rooms_.begin();
    for (; it != rooms_.end() && !more_after; ++it) {
      if (!wanted.admits(it->second)) continue;
      if (found.size() == limit) more_after = true;
      else found.push_back(it);
    }
  }
  page out;
  for (const auto& it : found) out.rooms.push_back(&it->second);
  if (!found.empty() && more_after) out.after = text_of(false, found.back()->first);
  if (!found.empty() && more_before) out.before = text_of(true, found.front()->first);
  return out;
}

} // namespace causeway::directory
