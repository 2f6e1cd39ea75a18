#include "actors/room/parent_fetch.hpp"

#include <stdexcept>
#include <utility>

namespace causeway::room {

std::vector<std::string> parent_fetch::missing(const matrix::event& x) const {
  std::vector<std::string> unplaced;
  for (const auto& id : x.prev_events)
    if (!room_.graph.is_placed(id)) unplaced.push_back(id);
  return unplaced;
}

bool parent_fetch::fetch_first(const matrix::event& x, const message& m) {
  auto unplaced = missing(x);
  if (unplaced.empty()) return false;
  if (retrying_)
    throw std::runtime_error("the parents of an own event are not in the store"); // asked once; what comes is placed
  fetch(std::move(unplaced), m);
  return true;
}

void parent_fetch::fetch(std::vector<std::string> event_ids, message m) {
  const auto asked = out_.next_token();
  out_.ask(asked, store::load_events{room_.id, std::move(event_ids), true});
  waiting_.emplace(asked, std::move(m));
}

std::optional<message> parent_fetch::store_answered(token asked, const store::events_loaded* found, bool& handled) {
  const auto it = waiting_.find(asked);
  handled = it != waiting_.end();
  if (!handled) return {};
  auto m = std::move(it->second);
  waiting_.erase(it);
  if (!found) return {};
  writer_.remember(*found);
  return m;
}

} // namespace causeway::room
