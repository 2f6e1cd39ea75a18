#include "messages/matrix/auth_graph.hpp"

namespace causeway::matrix {

auth_graph::node auth_graph::intern(std::string_view event_id) {
  if (const auto found = by_id_.find(event_id); found != by_id_.end()) return found->second;
  const auto* x = context_.find(event_id);
  if (x && context_.create && x->room_id != context_.create->room_id) x = nullptr;
  const auto n = static_cast<node>(nodes_.size());
  nodes_.push_back({.id = x ? std::string_view{x->event_id} : event_id, .x = x});
  by_id_.emplace(nodes_.back().id, n);
  return n;
}

bool auth_graph::is_rejected(node n) {
  auto& asked = nodes_[n];
  if (asked.is_rejected == answer::unasked)
    asked.is_rejected = !asked.x || context_.is_rejected(asked.id) ? answer::yes : answer::no;
  return asked.is_rejected == answer::yes;
}

std::span<const auth_graph::node> auth_graph::parents(node n) {
  if (!nodes_[n].is_expanded) {
    const auto first = static_cast<std::uint32_t>(edges_.size());
    if (const auto* x = nodes_[n].x) {
      for (const auto& id : x->auth_events) edges_.push_back(intern(id));
      const auto* create = context_.create;
      if (create && context_.rules->room_id_is_create_hash && x->event_id != create->event_id)
        edges_.push_back(intern(create->event_id));
    }
    nodes_[n].first_edge = first;
    nodes_[n].edge_count = static_cast<std::uint32_t>(edges_.size()) - first;
    nodes_[n].is_expanded = true;
  }
  return {edges_.data() + nodes_[n].first_edge, nodes_[n].edge_count};
}

std::optional<auth_graph::node> auth_graph::power_levels_of(node n) {
  for (const auto parent : parents(n))
    if (const auto* x = at(parent); x && x->is_state("m.room.power_levels")) return parent;
  return std::nullopt;
}

} // namespace causeway::matrix
