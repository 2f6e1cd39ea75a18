#include "actors/directory/direct_rooms.hpp"

#include <algorithm>
#include <utility>

namespace causeway::directory {
namespace {

constexpr std::size_t people_max = 2;

} // namespace

void direct_rooms::set(const std::string& room_id, std::set<std::string> people) {
  if (const auto known = people_.find(room_id); known != people_.end()) {
    if (known->second == people) return;
    if (known->second.size() == people_max) {
      const auto pair = rooms_.find(key_of(*known->second.begin(), *known->second.rbegin()));
      if (pair != rooms_.end() && pair->second.erase(room_id) != 0 && pair->second.empty()) rooms_.erase(pair);
    }
    people_.erase(known);
  }
  if (people.empty() || people.size() > people_max) return;
  if (people.size() == people_max) rooms_[key_of(*people.begin(), *people.rbegin())].insert(room_id);
  people_.emplace(room_id, std::move(people));
}

void direct_rooms::listed(const std::string& room_id, const matrix::json::value* listing) {
  std::set<std::string> people;
  if (const auto* told = listing ? listing->find_array("direct") : nullptr)
    for (const auto& user : *told)
      if (user.as_string()) people.insert(*user.as_string());
  // Whom its maker has just invited is not in the room before their server has answered.
  const auto known = people_.find(room_id);
  if (people.size() == 1 && known != people_.end() && known->second.contains(*people.begin())) return;
  set(room_id, std::move(people));
}

void direct_rooms::invited(const std::string& room_id, const std::string& user_id) {
  const auto known = people_.find(room_id);
  if (known == people_.end()) return;
  auto people = known->second;
  people.insert(user_id);
  set(room_id, std::move(people));
}

void direct_rooms::made(const std::string& room_id, const std::string& creator, const std::string& other) {
  set(room_id, {creator, other});
}

std::vector<std::string> direct_rooms::between(const std::string& a, const std::string& b) const {
  const auto found = rooms_.find(key_of(a, b));
  if (found == rooms_.end()) return {};
  const auto count = std::min(found->second.size(), asked_max);
  return {found->second.begin(), std::next(found->second.begin(), static_cast<std::ptrdiff_t>(count))};
}

void direct_rooms::begin(creation c) { creating_.insert_or_assign(c.wanted.room, std::move(c)); }

std::optional<direct_rooms::creation> direct_rooms::take(token asked) {
  const auto found =
    std::find_if(creating_.begin(), creating_.end(), [&](const auto& one) { return one.second.asked == asked; });
  if (found == creating_.end()) return {};
  auto c = std::move(found->second);
  creating_.erase(found);
  return c;
}

std::optional<direct_rooms::creation> direct_rooms::take_overdue(time_ms now) {
  for (const auto& [room, c] : creating_)
    if (now - c.since >= patience_ms) return take(c.asked);
  return {};
}

direct_rooms::creation* direct_rooms::find(const std::string& chat_room_id) {
  const auto found = creating_.find(chat_room_id);
  return found == creating_.end() ? nullptr : &found->second;
}

time_ms direct_rooms::deadline() const {
  time_ms first = 0;
  for (const auto& [room, c] : creating_)
    if (first == 0 || c.since + patience_ms < first) first = c.since + patience_ms;
  return first;
}

} // namespace causeway::directory
