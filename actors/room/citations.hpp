#pragma once
#include "messages/matrix/event.hpp"

#include <cstddef>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::room {

/// The given events with each after those of them that it cites. Circles (room versions 1 and 2 allow them) end somewhere.
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
