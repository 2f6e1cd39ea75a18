#include "actors/room/put_out_servers.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {

namespace {

/// The membership of its user that a membership event follows; empty: there was none.
std::string_view cited_membership(const room_graph& graph, const matrix::event& x) {
  for (const auto& id : x.auth_events)
    if (const auto* n = graph.find(id); n && n->event->is_state("m.room.member", *x.state_key)) return id;
  return {};
}

} // namespace

void put_out_servers::look(const room_graph& graph) {
  const auto& now = graph.current();
  if (!now || group_ == now.group) return;
  group_ = now.group;
  servers_.clear();
  std::unordered_map<std::string_view, const matrix::event*> ends; ///< by user
  graph.for_each_member(now, [&](const matrix::event_ptr& e) {
    const auto membership = e->membership();
    if ((membership == matrix::membership::leave || membership == matrix::membership::ban) &&
        e->sender != *e->state_key) {
      auto& last = servers_[std::string{matrix::server_name_of(*e->state_key)}].last;
      last = std::max(last, time_ms{e->origin_server_ts});
      ends.emplace(*e->state_key, e.get());
    }
    return true;
  });
  if (ends.empty()) return;
  for (const auto& [id, n] : graph.nodes()) {
    const auto& x = *n.event;
    if (n.judged != store::verdict::accepted || !x.state_key || x.type != "m.room.member" ||
        x.membership() != matrix::membership::join)
      continue;
    const auto end = ends.find(*x.state_key);
    if (end != ends.end() && cited_membership(graph, x) == cited_membership(graph, *end->second))
      servers_[std::string{matrix::server_name_of(*x.state_key)}].beside_a_join.insert(end->second->event_id);
  }
}

time_ms put_out_servers::last_of(const room_graph& graph, std::string_view server) {
  look(graph);
  const auto found = servers_.find(std::string{server});
  return found == servers_.end() ? 0 : found->second.last;
}

bool put_out_servers::has_joined_beside(const room_graph& graph, std::string_view server, const matrix::event& end) {
  look(graph);
  const auto found = servers_.find(std::string{server});
  return found != servers_.end() && found->second.beside_a_join.contains(end.event_id);
}

} // namespace causeway::room
