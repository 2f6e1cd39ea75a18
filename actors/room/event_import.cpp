#include "actors/room/event_import.hpp"

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
