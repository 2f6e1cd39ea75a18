#include "plugin/store/placement.hpp"

#include "messages/shard.hpp"

#include <algorithm>

namespace causeway::store {
namespace {

/// FNV-1a spreads what differs in its last bytes over the low bits only; this mixes them all (splitmix64).
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

const cluster_view::node* living(const cluster_view& seen, std::int64_t incarnation) {
  const auto found = std::ranges::find(seen.nodes, incarnation, &cluster_view::node::incarnation);
  return found == seen.nodes.end() ? nullptr : &*found;
}

bool may_own(const cluster_view::node* x) { return x && x->may_own; }

} // namespace

const cluster_view::node* preferred_node(std::size_t unit, const std::vector<cluster_view::node>& nodes) {
  const cluster_view::node* best = nullptr;
  std::uint64_t weight = 0;
  for (const auto& x : nodes) {
    if (!x.may_own) continue;
    const auto own = mixed(mixed(stable_hash(x.name)) + unit);
    // Two nodes of one name, while one follows the other: the one that came first, for all who look.
    if (best && (own < weight || (own == weight && x.incarnation > best->incarnation))) continue;
    best = &x;
    weight = own;
  }
  return best;
}

placement_actions placement::look(const cluster_view& seen, std::int64_t now_ms) {
  note_nodes(seen, now_ms);
  placement_actions out;
  const auto* self = living(seen, self_);
  for (std::size_t i = 0; i < seen.units.size(); ++i) {
    const auto& unit = seen.units[i];
    if (!living(seen, unit.owner)) {
      if (may_own(self) && is_mine_to_take(i, seen, now_ms)) out.take.push_back(i);
      continue;
    }
    vacancies_.erase(i);
    if (unit.owner == self_ && unit.next != 0 && may_own(living(seen, unit.next))) out.release.push_back(i);
  }
  // One at a time: the first of those that live. Where two believe to be that, each promise is for what it has seen.
  const auto first = std::ranges::min_element(seen.nodes, {}, &cluster_view::node::incarnation);
  if (first != seen.nodes.end() && first->incarnation == self_) promise_moves(seen, now_ms, out);
  return out;
}

void placement::note_nodes(const cluster_view& seen, std::int64_t now_ms) {
  std::vector<std::pair<std::int64_t, bool>> now;
  now.reserve(seen.nodes.size());
  for (const auto& x : seen.nodes) now.emplace_back(x.incarnation, x.may_own);
  std::ranges::sort(now);
  if (now == nodes_) return;
  nodes_ = std::move(now);
  settled_since_ms_ = now_ms;
}

/// @pre nobody who lives has it
bool placement::is_mine_to_take(std::size_t unit, const cluster_view& seen, std::int64_t now_ms) {
  const auto& x = seen.units[unit];
  auto& vacant = vacancies_.try_emplace(unit, vacancy{x.epoch, now_ms}).first->second;
  if (vacant.epoch != x.epoch) vacant = {x.epoch, now_ms}; // it was taken meanwhile, and is free again
  if (now_ms - vacant.since_ms >= bounds_.overdue_ms) return true;
  const auto* promised = living(seen, x.next);
  const auto* heir = may_own(promised) ? promised : preferred_node(unit, seen.nodes);
  return heir && heir->incarnation == self_;
}

void placement::promise_moves(const cluster_view& seen, std::int64_t now_ms, placement_actions& out) const {
  std::size_t moving = 0;
  std::vector<std::pair<std::size_t, std::int64_t>> leaves, balances;
  for (std::size_t i = 0; i < seen.units.size(); ++i) {
    const auto& unit = seen.units[i];
    const auto* owner = living(seen, unit.owner);
    if (!owner) continue; // it is taken, not moved
    const auto* best = preferred_node(i, seen.nodes);
    if (unit.next != 0) {
      // Whoever it was promised to is gone, or is drained by now.
      if (may_own(living(seen, unit.next))) ++moving;
      else out.promise.emplace_back(i, 0);
    } else if (best && best != owner) {
      (owner->may_own ? balances : leaves).emplace_back(i, best->incarnation);
    }
  }
  const auto promise = [&](const auto& moves) {
    for (auto x = moves.begin(); x != moves.end() && moving < bounds_.moves_max; ++x, ++moving)
      out.promise.push_back(*x);
  };
  promise(leaves); // an operator waits for these
  if (now_ms - settled_since_ms_ >= bounds_.settle_ms) promise(balances);
}

} // namespace causeway::store
