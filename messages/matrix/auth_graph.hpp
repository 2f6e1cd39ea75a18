#pragma once
#include "messages/matrix/state_resolution.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

/// Private to state resolution.
namespace causeway::matrix {

/// The auth events of a room as a graph over small integers, discovered while it is walked. Edges go from an event to
/// its auth events ("parents").
class auth_graph {
public:
  using node = std::uint32_t;

  /// @pre `context` outlives the graph, and so do the ids and events it hands out
  explicit auth_graph(const resolution_context& context) : context_{context} {}

  /// The node of an event, known or not. An event of another room counts as unknown.
  node intern(std::string_view event_id);
  std::size_t size() const { return nodes_.size(); }

  /// Null when unknown.
  const event* at(node n) const { return nodes_[n].x; }
  std::string_view id(node n) const { return nodes_[n].id; }
  /// Unknown events count as rejected.
  bool is_rejected(node n);
  /// Auth events of `n`, unknown ones included. In rooms whose id is the create event's hash every event has the create
  /// event as parent, though none lists it. Valid until the next call of this function.
  std::span<const node> parents(node n);
  /// The m.room.power_levels event among the parents of `n`; nothing when there is none.
  std::optional<node> power_levels_of(node n);

private:
  enum class answer : std::uint8_t { unasked, no, yes };
  struct entry {
    std::string_view id;
    const event* x = nullptr;
    std::uint32_t first_edge = 0, edge_count = 0;
    bool is_expanded = false;
    answer is_rejected = answer::unasked;
  };

  const resolution_context& context_;
  std::unordered_map<std::string_view, node> by_id_;
  std::vector<entry> nodes_;
  std::vector<node> edges_;
};

} // namespace causeway::matrix
