#include "actors/directory/room_aliases.hpp"

#include <algorithm>
#include <utility>

namespace causeway::directory {

const std::string* room_aliases::find(const std::string& alias) const {
  const auto it = room_by_alias_.find(alias);
  return it == room_by_alias_.end() ? nullptr : &it->second;
}

void room_aliases::claim(const std::string& alias, const std::string& room_id) {
  if (room_by_alias_.emplace(alias, room_id).second) claims_by_room_[room_id] = {alias};
}

void room_aliases::listed(const std::string& room_id, std::vector<std::string> claims) {
  const auto claimed = std::exchange(claims_by_room_[room_id], {});
  claims_by_room_.erase(room_id);
  for (const auto& a : claimed)
    if (auto it = room_by_alias_.find(a); it != room_by_alias_.end() && it->second == room_id &&
                                          std::find(claims.begin(), claims.end(), a) == claims.end()) {
      room_by_alias_.erase(it);
      // The room that goes on as another gives it up when that one has claimed it.
      for (const auto& [room, others] : claims_by_room_)
        if (std::find(others.begin(), others.end(), a) != others.end()) room_by_alias_.emplace(a, room);
    }
  for (const auto& a : claims)
    if (const auto at = room_by_alias_.emplace(a, room_id).first; at->second != room_id) // whoever came first keeps it
      out_.log(log_level::warning, "A804 alias already belongs to another room",
               {{"alias", a}, {"room", room_id}, {"has_it", at->second}});
  if (!claims.empty()) claims_by_room_[room_id] = std::move(claims);
}

} // namespace causeway::directory
