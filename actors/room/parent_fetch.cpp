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
  pending_.ask_store(store::load_events{room_.id, std::move(event_ids), true}, question::parents{std::move(m)});
}

std::optional<message> parent_fetch::answered(question::parents q, const store_answered& m) {
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  if (!found) return {};
  writer_.remember(*found);
  return std::move(q.waiting);
}

} // namespace causeway::room
