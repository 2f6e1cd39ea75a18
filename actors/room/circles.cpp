// Circles of citations: the strongly connected components of the graph (Tarjan), walked without recursion, as an
// attacker chooses its depth.
#include "actors/room/circles.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_map>

namespace causeway::room {
namespace {

constexpr std::size_t unseen = std::numeric_limits<std::size_t>::max();

struct visited {
  std::vector<std::size_t> cites; ///< indices of events
  std::size_t next = 0;           ///< of `cites`, to be followed
  std::size_t order = unseen, lowest = unseen;
  bool open = false; ///< on the stack: may be part of a circle with those above
};

std::vector<visited> graph_of(const std::vector<matrix::event_ptr>& events) {
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < events.size(); ++i) index.emplace(events[i]->event_id, i);
  std::vector<visited> nodes(events.size());
  for (std::size_t i = 0; i < events.size(); ++i)
    for (const auto* refs : {&events[i]->prev_events, &events[i]->auth_events})
      for (const auto& ref : *refs)
        if (const auto it = index.find(ref); it != index.end()) nodes[i].cites.push_back(it->second);
  return nodes;
}

} // namespace

std::vector<std::vector<std::string>> circles_among(const std::vector<matrix::event_ptr>& events) {
  auto nodes = graph_of(events);
  std::vector<std::vector<std::string>> found;
  std::vector<std::size_t> stack, path;
  std::size_t order = 0;
  auto enter = [&](std::size_t i) {
    nodes[i].order = nodes[i].lowest = order++;
    nodes[i].open = true;
    stack.push_back(i);
    path.push_back(i);
  };
  auto leave = [&](std::size_t i) {
    path.pop_back();
    if (!path.empty()) nodes[path.back()].lowest = std::min(nodes[path.back()].lowest, nodes[i].lowest);
    if (nodes[i].lowest != nodes[i].order) return;
    std::vector<std::string> circle;
    for (bool last = false; !last; stack.pop_back()) {
      const auto member = stack.back();
      last = member == i;
      nodes[member].open = false;
      circle.push_back(events[member]->event_id);
    }
    if (circle.size() > 1 || std::find(nodes[i].cites.begin(), nodes[i].cites.end(), i) != nodes[i].cites.end())
      found.push_back(std::move(circle));
  };
  for (std::size_t first = 0; first < nodes.size(); ++first) {
    if (nodes[first].order != unseen) continue;
    enter(first);
    while (!path.empty()) {
      const auto i = path.back();
      auto& node = nodes[i];
      if (node.next == node.cites.size()) {
        leave(i);
        continue;
      }
      const auto cited = node.cites[node.next++];
      if (nodes[cited].order == unseen) enter(cited);
      else if (nodes[cited].open) node.lowest = std::min(node.lowest, nodes[cited].order);
    }
  }
  return found;
}

} // namespace causeway::room
