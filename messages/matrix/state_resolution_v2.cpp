#include "messages/matrix/auth_graph.hpp"
#include "messages/matrix/state_conflicts.hpp"

#include <algorithm>
#include <queue>
#include <tuple>

/// Source: "Room Version 2", "State resolution", and the changes of version 12. The steps are those of "Algorithm".
///
/// The letter of the text and the servers differ in two points, and here the servers' reading is followed (to differ
/// from them would split rooms): the auth chain of a state, for the auth difference, includes the state's own events;
/// and the power events are joined only by what they reach along edges that stay inside the full conflicted set.
namespace causeway::matrix {

namespace {

using node = auth_graph::node;

struct view_pair_hash {
  std::size_t operator()(const std::pair<std::string_view, std::string_view>& x) const {
    const std::hash<std::string_view> hash;
    return hash(x.first) * 31 + hash(x.second);
  }
};

bool is_power_event(const event& x) {
  if (x.is_state("m.room.power_levels") || x.is_state("m.room.join_rules") || x.is_state("m.room.create")) return true;
  return x.type == "m.room.member" && x.state_key && *x.state_key != x.sender &&
         (x.membership() == membership::leave || x.membership() == membership::ban);
}

class resolution_v2 {
public:
  resolution_v2(std::span<const state_map* const> states, const resolution_context& context, resolution_trace* trace)
      : states_{states}, context_{context}, trace_{trace}, graph_{context}, words_{(states.size() + 63) / 64},
        is_v2_1_{context.rules->state_resolution == state_resolution_algorithm::v2_1} {}

  state_map run();

private:
  // Which states' auth chains an event belongs to, one bit per state.
  std::uint64_t* membership(node n) { return &memberships_[n * words_]; }
  bool is_in_all(node n);
  void mark_in_all(node n);
  void grow() {
    memberships_.resize(graph_.size() * words_);
    flags_.resize(graph_.size());
  }

  void intern_conflicts(const std::vector<state_conflict>& conflicts);
  void walk_conflicted_chains();
  void spread_memberships();
  void clear_what_unconflicted_events_reach();
  std::vector<node> full_conflicted_set();
  std::vector<node> power_events(const std::vector<node>& full);
  power_level sender_power(node n);
  std::vector<node> reverse_topological_power_order(const std::vector<node>& chosen);
  std::vector<node> mainline_order(const std::vector<node>& rest);
  void iterative_auth_checks(const std::vector<node>& order);
  const event* state_at(std::string_view type, std::string_view state_key);
  bool is_unconflicted(node n);

  struct node_flags {
    bool is_visited : 1 = false;    // reached from a conflicted event
    bool is_conflicted : 1 = false; // in the conflicted state set
    bool is_full : 1 = false;       // in the full conflicted set
    bool is_power : 1 = false;      // sorted among the power events
    bool reaches_conflict : 1 = false;
  };

  std::span<const state_map* const> states_;
  const resolution_context& context_;
  resolution_trace* trace_;
  auth_graph graph_;
  std::size_t words_;
  bool is_v2_1_;

  state_map unconflicted_;
  std::vector<node> conflicted_;
  std::vector<std::uint64_t> memberships_;
  std::vector<node_flags> flags_;
  std::vector<node> chain_; // what conflicted events reach, themselves included; parents before children
  // Entries that the iterative checks have set; the rest of the partial state is unconflicted_ (version 2) or empty
  // (2.1).
  std::unordered_map<std::pair<std::string_view, std::string_view>, node, view_pair_hash> decided_;
};

bool resolution_v2::is_in_all(node n) {
  const auto* bits = membership(n);
  for (std::size_t state = 0; state < states_.size(); ++state)
    if (!(bits[state / 64] >> (state % 64) & 1)) return false;
  return true;
}

void resolution_v2::mark_in_all(node n) { std::fill_n(membership(n), words_, ~std::uint64_t{0}); }

bool resolution_v2::is_unconflicted(node n) {
  const auto* x = graph_.at(n);
  if (!x || !x->state_key) return false;
  const auto* found = unconflicted_.get(state_key_view{x->type, *x->state_key});
  return found && *found == x->event_id;
}

void resolution_v2::intern_conflicts(const std::vector<state_conflict>& conflicts) {
  for (const auto& conflict : conflicts)
    for (std::size_t state = 0; state < conflict.by_state.size(); ++state) {
      if (conflict.by_state[state].empty()) continue;
      const auto n = graph_.intern(conflict.by_state[state]);
      grow();
      membership(n)[state / 64] |= std::uint64_t{1} << (state % 64);
      if (!flags_[n].is_conflicted) conflicted_.push_back(n);
      flags_[n].is_conflicted = true;
    }
}

// Depth first without recursion: chains are as long as a hostile server likes.
void resolution_v2::walk_conflicted_chains() {
  struct frame {
    node n;
    std::size_t next_parent;
  };
  std::vector<frame> stack;
  const auto visit = [&](node n) {
    grow();
    if (flags_[n].is_visited) return;
    flags_[n].is_visited = true;
    stack.push_back({n, 0});
  };
  for (const auto start : conflicted_) {
    visit(start);
    while (!stack.empty()) {
      auto& [n, next_parent] = stack.back();
      const auto parents = graph_.parents(n);
      if (next_parent < parents.size()) {
        visit(parents[next_parent++]);
        continue;
      }
      chain_.push_back(n);
      stack.pop_back();
    }
  }
}

// Children before parents, so that each event's states are complete when they are handed on.
void resolution_v2::spread_memberships() {
  for (auto n = chain_.rbegin(); n != chain_.rend(); ++n) {
    if (!flags_[*n].is_conflicted && is_unconflicted(*n)) mark_in_all(*n);
    for (const auto parent : graph_.parents(*n))
      for (std::size_t word = 0; word < words_; ++word) membership(parent)[word] |= membership(*n)[word];
  }
  if (is_v2_1_)
    for (const auto n : chain_) {
      bool reaches = flags_[n].is_conflicted;
      for (const auto parent : graph_.parents(n)) reaches |= flags_[parent].reaches_conflict;
      flags_[n].reaches_conflict = reaches;
    }
}

// Whatever an unconflicted event reaches is in every chain. That walk is the only one that may go beyond the conflicted
// events' own chains; it is made only while there is something left for it to clear, and skips what is in all anyway.
void resolution_v2::clear_what_unconflicted_events_reach() {
  std::size_t open = 0;
  for (const auto n : chain_) open += !flags_[n].is_conflicted && !is_in_all(n);
  if (open == 0) return;
  std::vector<node> queue;
  const auto reach = [&](node n) {
    grow();
    if (is_in_all(n)) return;
    open -= flags_[n].is_visited && !flags_[n].is_conflicted;
    mark_in_all(n);
    queue.push_back(n);
  };
  for (const auto& [key, event_id] : unconflicted_) {
    reach(graph_.intern(event_id));
    while (!queue.empty() && open > 0) {
      const auto n = queue.back();
      queue.pop_back();
      for (const auto parent : graph_.parents(n)) reach(parent);
    }
    if (open == 0) return;
  }
}

// Step 0: conflicted state set, auth difference and, in 2.1, conflicted state subgraph.
std::vector<node> resolution_v2::full_conflicted_set() {
  std::vector<node> full;
  for (const auto n : chain_) {
    auto& flags = flags_[n];
    const bool is_in_subgraph = is_v2_1_ && flags.reaches_conflict;
    flags.is_full = graph_.at(n) && (flags.is_conflicted || is_in_subgraph || !is_in_all(n));
    if (flags.is_full) full.push_back(n);
  }
  return full;
}

// Step 1, first half: the power events of the set and what they reach inside it.
std::vector<node> resolution_v2::power_events(const std::vector<node>& full) {
  std::vector<node> chosen;
  const auto choose = [&](node n) {
    if (!flags_[n].is_full || flags_[n].is_power) return;
    flags_[n].is_power = true;
    chosen.push_back(n);
  };
  for (const auto n : full)
    if (is_power_event(*graph_.at(n))) choose(n);
  for (std::size_t i = 0; i < chosen.size(); ++i)
    for (const auto parent : graph_.parents(chosen[i])) choose(parent);
  return chosen;
}

// The level of the sender as the event's own auth events have it.
power_level resolution_v2::sender_power(node n) {
  const auto levels = graph_.power_levels_of(n);
  return power_levels{context_.create, levels ? graph_.at(*levels) : nullptr}
    .user(graph_.at(n)->sender)
    .value_or(power_level{});
}

// Step 1, second half: Kahn's algorithm from the oldest, taking the smallest of what is free.
std::vector<node> resolution_v2::reverse_topological_power_order(const std::vector<node>& chosen) {
  struct sort_key {
    power_level power;
    std::int64_t origin_server_ts;
    std::string_view id;
    node n;
  };
  std::vector<sort_key> by_rank;
  for (const auto n : chosen) by_rank.push_back({sender_power(n), graph_.at(n)->origin_server_ts, graph_.id(n), n});
  std::sort(by_rank.begin(), by_rank.end(), [](const sort_key& a, const sort_key& b) {
    if (a.power != b.power) return a.power > b.power;
    return std::tie(a.origin_server_ts, a.id) < std::tie(b.origin_server_ts, b.id);
  });

  // From here on events are their ranks, which compare as the events do.
  std::unordered_map<node, std::uint32_t> rank_of;
  for (std::uint32_t rank = 0; rank < by_rank.size(); ++rank) rank_of.emplace(by_rank[rank].n, rank);
  std::vector<std::vector<std::uint32_t>> children(by_rank.size());
  std::vector<std::uint32_t> parents_left(by_rank.size());
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free;
  for (std::uint32_t rank = 0; rank < by_rank.size(); ++rank) {
    for (const auto parent : graph_.parents(by_rank[rank].n))
      if (const auto found = rank_of.find(parent); found != rank_of.end()) {
        children[found->second].push_back(rank);
        ++parents_left[rank];
      }
    if (parents_left[rank] == 0) free.push(rank);
  }
  std::vector<node> order;
  order.reserve(by_rank.size());
  while (!free.empty()) {
    const auto rank = free.top();
    free.pop();
    order.push_back(by_rank[rank].n);
    for (const auto child : children[rank])
      if (--parents_left[child] == 0) free.push(child);
  }
  return order;
}

const event* resolution_v2::state_at(std::string_view type, std::string_view state_key) {
  if (const auto found = decided_.find({type, state_key}); found != decided_.end()) return graph_.at(found->second);
  if (is_v2_1_) return nullptr;
  const auto* found = unconflicted_.get(state_key_view{type, state_key});
  if (!found) return nullptr;
  const auto n = graph_.intern(*found);
  return graph_.is_rejected(n) ? nullptr : graph_.at(n);
}

// "Iterative auth checks": an event is judged by the partial state and, where that has nothing, by its own auth events.
void resolution_v2::iterative_auth_checks(const std::vector<node>& order) {
  for (const auto n : order) {
    const auto* x = graph_.at(n);
    if (graph_.is_rejected(n) || !x->state_key) continue;
    const state_lookup state = [&](std::string_view type, std::string_view state_key) -> const event* {
      if (const auto* found = state_at(type, state_key)) return found;
      for (const auto parent : graph_.parents(n))
        if (const auto* listed = graph_.at(parent); listed && listed->is_state(type, state_key))
          return graph_.is_rejected(parent) ? nullptr : listed;
      return nullptr;
    };
    if (check_auth(*x, context_.create, state)) decided_[{x->type, *x->state_key}] = n;
  }
}

// Step 3: events that rest on an older m.room.power_levels of the mainline come first.
std::vector<node> resolution_v2::mainline_order(const std::vector<node>& rest) {
  // Position 0: rests on none of the mainline. Then 1 for the oldest of the mainline, counting up to the resolved one.
  std::unordered_map<node, std::uint32_t> position;
  std::vector<node> mainline;
  std::optional<node> levels;
  if (const auto* resolved = state_at("m.room.power_levels", "")) levels = graph_.intern(resolved->event_id);
  for (; levels && position.emplace(*levels, 0).second; levels = graph_.power_levels_of(*levels))
    mainline.push_back(*levels);
  for (std::size_t i = 0; i < mainline.size(); ++i)
    position[mainline[i]] = static_cast<std::uint32_t>(mainline.size() - i);

  std::vector<node> walked;
  const auto position_of = [&](node n) {
    walked.clear();
    std::uint32_t result = 0;
    for (std::optional<node> at = n; at; at = graph_.power_levels_of(*at)) {
      const auto [entry, is_new] = position.emplace(*at, 0); // also ends a circle, which only hostile ids could make
      result = entry->second;
      if (!is_new) break;
      walked.push_back(*at);
    }
    for (const auto passed : walked) position[passed] = result;
    return result;
  };

  struct sort_key {
    std::uint32_t position;
    std::int64_t origin_server_ts;
    std::string_view id;
    node n;
  };
  std::vector<sort_key> keyed;
  for (const auto n : rest) keyed.push_back({position_of(n), graph_.at(n)->origin_server_ts, graph_.id(n), n});
  std::sort(keyed.begin(), keyed.end(), [](const sort_key& a, const sort_key& b) {
    return std::tie(a.position, a.origin_server_ts, a.id) < std::tie(b.position, b.origin_server_ts, b.id);
  });
  std::vector<node> order;
  for (const auto& x : keyed) order.push_back(x.n);
  return order;
}

state_map resolution_v2::run() {
  auto compared = compare_states(states_);
  unconflicted_ = std::move(compared.unconflicted);
  if (compared.conflicts.empty()) return std::move(unconflicted_);

  intern_conflicts(compared.conflicts);
  walk_conflicted_chains();
  spread_memberships();
  clear_what_unconflicted_events_reach();
  const auto full = full_conflicted_set();

  // Steps 1 and 2: the events that decide what others may do.
  const auto power_order = reverse_topological_power_order(power_events(full));
  iterative_auth_checks(power_order);

  // Steps 3 and 4: the rest.
  std::vector<node> rest;
  std::copy_if(full.begin(), full.end(), std::back_inserter(rest), [&](node n) { return !flags_[n].is_power; });
  const auto rest_order = mainline_order(rest);
  iterative_auth_checks(rest_order);

  if (trace_) {
    const auto ids_of = [&](const std::vector<node>& nodes) {
      std::vector<std::string> ids;
      for (const auto n : nodes) ids.emplace_back(graph_.id(n));
      return ids;
    };
    *trace_ = {ids_of(full), ids_of(power_order), ids_of(rest_order)};
    std::sort(trace_->full_conflicted_set.begin(), trace_->full_conflicted_set.end());
  }

  // Step 5: what was not in conflict stands, whatever the steps came to.
  for (const auto& [key, n] : decided_)
    unconflicted_.try_emplace({std::string{key.first}, std::string{key.second}}, std::string{graph_.id(n)});
  return std::move(unconflicted_);
}

} // namespace

state_map resolve_v2(std::span<const state_map* const> states, const resolution_context& context,
                     resolution_trace* trace) {
  return resolution_v2{states, context, trace}.run();
}

} // namespace causeway::matrix
