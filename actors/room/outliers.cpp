#include "actors/room/outliers.hpp"

#include "actors/room/citations.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {

std::vector<std::string> add_outliers(room_graph& graph, std::vector<matrix::event_ptr> events,
                                      std::vector<store::write>& batch) {
  std::vector<std::string> added;
  // Version 12 lists the create event nowhere, and everything rests on it.
  std::stable_partition(events.begin(), events.end(), [](const auto& e) { return e->type == "m.room.create"; });
  for (const auto& x :
       parents_first(std::move(events), [](const matrix::event& e) -> const auto& { return e.auth_events; })) {
    if (graph.find(x->event_id)) continue;
    if (!graph.missing_auth_events(*x).empty()) continue; // nothing that rests on an unknown event is taken
    graph.add_outlier(x, graph.judge_by_own_auth_events(*x), batch);
    added.push_back(x->event_id);
  }
  return added;
}

matrix::state_map add_state(room_graph& graph, remote_state::verified_events told, std::vector<store::write>& batch,
                            std::vector<std::string>& added) {
  auto all = std::move(told.auth_chain);
  all.insert(all.end(), told.state.begin(), told.state.end());
  added = add_outliers(graph, std::move(all), batch);
  matrix::state_map state;
  for (const auto& e : told.state)
    if (const auto* n = graph.find(e->event_id); n && n->judged != store::verdict::rejected)
      state.insert_or_assign({e->type, *e->state_key}, e->event_id);
  return state;
}

} // namespace causeway::room
