#include "actors/room/circles.hpp"
#include "actors/room/inbound_events.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <set>

namespace causeway::room {
void inbound_events::refute(std::uint64_t id, const std::string& why) {
  refuted_.insert(work_.at(id).event->event_id);
  end_work(id, why);
}

bool inbound_events::is_left_out(const matrix::event& x, const std::string& parent) const {
  if (!refuted_.contains(parent)) return false;
  return std::any_of(x.prev_events.begin(), x.prev_events.end(),
                     [this](const auto& other) { return !refuted_.contains(other); });
}

std::vector<std::string> inbound_events::parents_that_count(const matrix::event& x) const {
  auto parents = x.prev_events;
  std::erase_if(parents, [&](const auto& parent) { return !room_.graph.is_placed(parent) && is_left_out(x, parent); });
  return parents;
}

bool inbound_events::refute_circles() {
  if (!room_.exists || room_.graph.rules().event_ids != matrix::event_id_format::given) return false;
  std::vector<matrix::event_ptr> stuck;
  for (const auto& [id, w] : work_)
    if (w.copies.empty() && !w.state.is_given() && !w.state.is_to_fetch() &&
        (w.phase == work_phase::waiting_for_parents || w.phase == work_phase::closing_gap))
      stuck.push_back(w.event);
  bool moved = false;
  for (const auto& circle : circles_among(stuck)) {
    std::set<std::string_view> servers;
    for (const auto& event_id : circle)
      servers.insert(matrix::server_name_of(work_.at(work_by_event_.at(event_id)).event->sender));
    for (const auto& event_id : circle) {
      const auto id = work_by_event_.at(event_id);
      // A server may tell us another event under an id than it told the others: what it cites may be honest, and is
      // placed with a state of its own.
      if (servers.size() == 1) refute(id, "the event is part of a circle of parents");
      else work_.at(id).state.need();
      moved = true;
    }
  }
  return moved;
}

} // namespace causeway::room
