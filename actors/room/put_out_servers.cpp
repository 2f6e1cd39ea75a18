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

bool is_put_out(const matrix::event& x) {
  const auto membership = x.membership();
  return (membership == matrix::membership::leave || membership == matrix::membership::ban) && x.sender != *x.state_key;
}

} // namespace

time_ms put_out_servers::last_of(const room_graph& graph, std::string_view server) {
  const auto& now = graph.current();
  if (!now) return 0;
  if (group_ != now.group) {
    group_ = now.group;
    last_of_.clear();
    graph.for_each_member(now, [this](const matrix::event_ptr& e) {
      if (is_put_out(*e)) {
        auto& last = last_of_[std::string{matrix::server_name_of(*e->state_key)}];
        last = std::max(last, time_ms{e->origin_server_ts});
      }
      return true;
    });
  }
  const auto found = last_of_.find(std::string{server});
  return found == last_of_.end() ? 0 : found->second;
}

bool put_out_servers::has_joined_beside(const room_graph& graph, std::string_view server, const matrix::event& end) {
  if (end.type != "m.room.member" || !end.state_key || matrix::server_name_of(*end.state_key) != server ||
      !is_put_out(end) || !graph.current())
    return false;
  const auto* now = graph.current().state->get(matrix::state_key_view{end.type, *end.state_key});
  if (now == nullptr || *now != end.event_id) return false;
  const auto before = cited_membership(graph, end);
  return std::ranges::any_of(graph.nodes(), [&](const auto& each) {
    const auto& x = *each.second.event;
    return each.second.judged == store::verdict::accepted && x.is_state("m.room.member", *end.state_key) &&
           x.membership() == matrix::membership::join && cited_membership(graph, x) == before;
  });
}

} // namespace causeway::room
