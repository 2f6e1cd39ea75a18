// What another server tells of the room beside the events on their way: taken in without a place, for others to rest on.
#include "actors/room/citations.hpp"
#include "actors/room/room_machine.hpp"

#include <algorithm>

namespace causeway::room {

std::vector<matrix::event_ptr> room_machine::formed(const matrix::json::array& pdus, matrix::count_policy counts) const {
  std::vector<matrix::event_ptr> events;
  for (const auto& p : pdus) {
    if (!p.as_object()) continue;
    auto x = matrix::make_event(*p.as_object(), graph_.rules(), counts);
    if (x && (*x)->room_id == room_id_) events.push_back(std::move(*x));
  }
  return events;
}

std::vector<matrix::event_ptr> room_machine::formed_unknown(const matrix::json::array& pdus) const {
  auto events = formed(pdus, matrix::count_policy::unbounded);
  std::erase_if(events, [&](const auto& x) { return graph_.find(x->event_id) != nullptr; });
  return events;
}

std::vector<matrix::event_ptr> room_machine::proven(const std::vector<matrix::event_ptr>& events, const std::vector<event_check>& checks) {
  std::vector<matrix::event_ptr> good;
  for (std::size_t i = 0; i < events.size() && i < checks.size(); ++i) {
    if (checks[i] == event_check::valid) good.push_back(events[i]);
    else if (checks[i] == event_check::bad_hash) good.push_back(matrix::redacted(*events[i]));
  }
  return good;
}

std::vector<matrix::event_ptr> room_machine::stripped(const std::vector<matrix::event_ptr>& events, const std::vector<event_check>& checks) {
  std::vector<matrix::event_ptr> bare;
  for (std::size_t i = 0; i < events.size() && i < checks.size(); ++i)
    if (checks[i] == event_check::bad_hash) bare.push_back(events[i]);
  return bare;
}

void room_machine::add_outliers(std::vector<matrix::event_ptr> events) {
  // Version 12 lists the create event nowhere, and everything rests on it.
  std::stable_partition(events.begin(), events.end(), [](const auto& e) { return e->type == "m.room.create"; });
  for (const auto& x : parents_first(std::move(events), [](const matrix::event& e) -> const auto& { return e.auth_events; })) {
    if (graph_.find(x->event_id)) continue;
    if (!graph_.missing_auth_events(*x).empty()) continue; // nothing that rests on an unknown event is taken
    graph_.add_outlier(x, graph_.judge_outlier(*x), out_.writes());
    for (auto [held, end] = redactions_of_.equal_range(x->event_id); held != end; ++held) look_up(held->second, x->event_id);
  }
}

} // namespace causeway::room
