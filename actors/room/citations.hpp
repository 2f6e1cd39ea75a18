#pragma once
#include "messages/matrix/event.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Order and reach among events that cite each other.
namespace causeway::room {

/// Those of `among` that `ids` name or whose auth events lead to: what an event with these auth events rests on, and
/// nothing a server told besides.
std::vector<matrix::event_ptr> reached_by_auth(const std::vector<std::string>& ids,
                                               const std::vector<matrix::event_ptr>& among);

/// The given events with each after those of them that it cites. Circles (room versions 1 and 2 allow them) end
/// somewhere.
/// @param refs  event -> the ids it cites: its parents or its auth events
template <class Refs>
std::vector<matrix::event_ptr> parents_first(std::vector<matrix::event_ptr> events, Refs refs) {
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < events.size(); ++i) index[events[i]->event_id] = i;
  std::vector<matrix::event_ptr> order;
  std::vector<char> state(events.size(), 0);
  std::vector<std::pair<std::size_t, std::size_t>> stack;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (state[i]) continue;
    stack.emplace_back(i, 0);
    state[i] = 1;
    while (!stack.empty()) {
      auto& [at, next] = stack.back();
      const auto& ids = refs(*events[at]);
      if (next == ids.size()) {
        order.push_back(events[at]);
        stack.pop_back();
        continue;
      }
      auto it = index.find(ids[next++]);
      if (it != index.end() && !state[it->second]) {
        state[it->second] = 1;
        stack.emplace_back(it->second, 0);
      }
    }
  }
  return order;
}

} // namespace causeway::room
