#include "actors/supervisor/sweep.hpp"

#include <algorithm>
#include <utility>

namespace causeway {

namespace {

using swept_child = supervisor_state::child;

/// Children looked at in one sweep, of those that have had something to do.
constexpr std::size_t looked_at_max = 10'000;
/// Ended children that are remembered between two sweeps. Who misses some reads the list anew.
constexpr std::size_t gone_max = 10'000;
/// So long nobody has to sweep before what changes is not remembered any more.
constexpr time_ms nobody_after_ms = 30'000;

/// What tells whether a child is as it was told.
std::uint64_t state_of(const swept_child& x, std::uint64_t handled) {
  return handled * 31 + (x.routed - handled) + x.waiting.size() + (static_cast<std::uint64_t>(x.at) << 56) +
         (std::uint64_t{x.failures.size()} << 48) + 1;
}

void add_to_totals(children_seen& seen, const swept_child& x) {
  const auto waits = x.routed - handled_by(x) + x.waiting.size();
  seen.mailbox += waits;
  seen.mailbox_longest = std::max<std::uint64_t>(seen.mailbox_longest, waits);
  seen.handled += handled_by(x);
}

/// It was parked at its last failure.
time_ms retry_at_of(const supervisor_state& of, const swept_child& x) {
  if (x.at != swept_child::phase::parked || x.failures.empty()) return 0;
  return x.failures.back() + std::int64_t{of.settings.options.restart_window_s} * 1'000;
}

} // namespace

std::uint64_t handled_by(const supervisor_state::child& x) {
  // All it was sent is older than what it says it has handled.
  return x.progress ? std::min(x.routed, x.progress->handled.load(std::memory_order_relaxed)) : 0;
}

bool has_work(const supervisor_state::child& x, std::uint64_t handled) {
  return x.routed > handled || !x.waiting.empty();
}

std::string_view phase_name(const supervisor_state::child& x) { return child_phases[static_cast<std::size_t>(x.at)]; }

time_ms oldest_waiting_of(const supervisor_state::child& x, std::uint64_t handled) {
  return x.routed > handled ? x.marked_at : x.waiting.empty() ? 0 : x.waiting_since;
}

supervision describe(const supervisor_state& of, const std::string& key, const swept_child& x) {
  const auto handled = handled_by(x);
  return {std::string{name(of.settings.kind)},
          key,
          std::string{phase_name(x)},
          x.last_fault,
          x.since,
          handled,
          x.routed - handled + x.waiting.size(),
          x.failures.size(),
          oldest_waiting_of(x, handled),
          x.progress ? x.progress->handling_ns.load(std::memory_order_relaxed) / 1'000 : 0,
          retry_at_of(of, x)};
}

children_seen sweep(supervisor_state& of, std::size_t rows_max) {
  children_seen seen;
  seen.kind = of.settings.kind;
  seen.children = of.children.size();
  seen.parked = of.phases.at(static_cast<std::size_t>(swept_child::phase::parked));
  seen.restarting = of.phases.at(static_cast<std::size_t>(swept_child::phase::restarting));
  if (rows_max == 0) {
    for (const auto& [key, x] : of.children) add_to_totals(seen, x);
    return seen;
  }
  of.swept_at = of.router->outside->now();
  if (!of.swept_to) {
    of.swept_to.emplace(of.changes);
    seen.begins = true;
    return seen;
  }
  seen.gone = std::exchange(of.gone, {});
  of.swept_to->read(looked_at_max, [&](const std::string& key, activity::entry& entry) {
    if (seen.changed.size() >= rows_max) return activity::then::stop;
    auto& x = static_cast<swept_child&>(entry);
    const auto handled = handled_by(x);
    const auto now = state_of(x, handled);
    if (std::exchange(x.told, now) != now) seen.changed.push_back(describe(of, key, x));
    return has_work(x, handled) ? activity::then::again : activity::then::over;
  });
  return seen;
}

void note_gone(supervisor_state& of, const std::string& key) {
  if (!of.swept_to) return;
  if (of.router->outside->now() - of.swept_at > nobody_after_ms) {
    of.gone.clear();
    of.swept_to.reset();
  } else if (of.gone.size() < gone_max) {
    of.gone.push_back(key);
  }
}

} // namespace causeway
