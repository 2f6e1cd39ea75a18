#include "actors/room/event_import.hpp"

#include "actors/room/citations.hpp"

#include <algorithm>

namespace causeway::room {

std::vector<matrix::event_ptr> event_import::parse(const matrix::json::array& pdus, matrix::count_policy counts) const {
  std::vector<matrix::event_ptr> events;
  for (const auto& p : pdus) {
    if (!p.as_object()) continue;
    auto x = matrix::make_event(*p.as_object(), room_.graph.rules(), counts);
    if (x && (*x)->room_id == room_.id) events.push_back(std::move(*x));
  }
  return events;
}

std::vector<matrix::event_ptr> event_import::parse_unknown(const matrix::json::array& pdus) const {
  auto events = parse(pdus, matrix::count_policy::unbounded);
  std::erase_if(events, [&](const auto& x) { return room_.graph.find(x->event_id) != nullptr; });
  return events;
}

std::vector<matrix::event_ptr> event_import::verified(const std::vector<matrix::event_ptr>& events,
                                                      const std::vector<event_check>& checks) {
  std::vector<matrix::event_ptr> good;
  for (std::size_t i = 0; i < events.size() && i < checks.size(); ++i) {
    if (checks[i] == event_check::valid) good.push_back(events[i]);
    else if (checks[i] == event_check::bad_hash) good.push_back(matrix::redacted(*events[i]));
  }
  return good;
}

std::vector<matrix::event_ptr> event_import::stripped(const std::vector<matrix::event_ptr>& events,
                                                      const std::vector<event_check>& checks) {
  std::vector<matrix::event_ptr> bare;
  for (std::size_t i = 0; i < events.size() && i < checks.size(); ++i)
    if (checks[i] == event_check::bad_hash) bare.push_back(events[i]);
  return bare;
}

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

void event_import::add_outliers(std::vector<matrix::event_ptr> events) {
  for (const auto& id : writer_.add_outliers(std::move(events))) redactions_.target_came(id);
}

matrix::state_map event_import::add_state(remote_state::verified_events told) {
  std::vector<std::string> added;
  auto state = writer_.add_state(std::move(told), added);
  for (const auto& id : added) redactions_.target_came(id);
  return state;
}

} // namespace causeway::room
