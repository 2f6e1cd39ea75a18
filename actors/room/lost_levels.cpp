#include "actors/room/lost_levels.hpp"

#include "actors/room/permission_drift.hpp"
#include "actors/room/role_changes.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace causeway::room {
namespace {

/// Another broker may have lost a change to the same one, and does what we do: each waits for a time of its own.
constexpr time_ms pause_ms = 200, spread_ms = 800;
/// A loss after so long is one of its own.
constexpr time_ms remembered_ms = 10 * 60'000;

} // namespace

std::vector<matrix::event_ptr> lost_levels::chain_of(const matrix::event_ptr& levels) const {
  std::vector<matrix::event_ptr> chain;
  // Back to where two lines of changes parted.
  for (auto e = levels; e && chain.size() < level_changes_followed_max; e = levels_before(room_, *e))
    chain.push_back(e);
  return chain;
}

void lost_levels::add_changed(std::set<std::string>& out, const matrix::event& levels) const {
  const auto previous = levels_before(room_, levels);
  if (!previous) return;
  for (auto& change : role_changes(room_.graph.create().get(), *previous, levels)) out.insert(std::move(change.user));
}

void lost_levels::observe(const state_change& c) {
  given_up_.clear();
  if (c.key.first != levels_type || !c.before || !c.after || !room_.takes_part()) return;
  std::erase_if(given_,
                [&](const auto& one) { return !one.second.is_lost && out_.now() - one.second.since > remembered_ms; });
  std::erase_if(insisted_, [&](const auto& one) { return out_.now() - one.second > remembered_ms; });
  const auto winners = chain_of(c.after);
  const auto is_of = [](const std::vector<matrix::event_ptr>& chain, const matrix::event_ptr& e) {
    return std::any_of(chain.begin(), chain.end(), [&](const auto& one) { return one->event_id == e->event_id; });
  };
  if (is_of(winners, c.before)) return; // whoever made it knew of ours
  const auto losers = chain_of(c.before);
  // What the winning line says of a user is somebody's word about the same thing, and stands.
  std::set<std::string> decided;
  for (const auto& e : winners) {
    if (is_of(losers, e)) break;
    add_changed(decided, *e);
  }
  for (const auto& e : losers) {
    if (is_of(winners, e)) break;
    std::set<std::string> changed;
    add_changed(changed, *e);
    const matrix::power_levels levels{room_.graph.create().get(), e.get()};
    for (const auto& user : changed)
      if (!user.empty() && decided.insert(user).second && room_.node.is_local(e->sender))
        lost(user, e->sender, levels.of_user(user));
  }
}

void lost_levels::lost(const std::string& user, const std::string& by, std::int64_t level) {
  if (room_.graph.levels().of_user(user) == level) return;
  auto& g = given_[user];
  if (g.by != by || g.level != level) g = {by, level, 0, false, out_.now()};
  if (g.attempts >= attempts_max) {
    out_.log(log_level::warning, "R124 power level lost to conflicting changes three times; giving up",
             {{"room", room_.id}, {"user", user}, {"by", by}, {"level", std::to_string(level)}});
    given_.erase(user);
    given_up_.insert(user);
    insisted_[user] = out_.now();
    notify(room_, out_, lost_update(room_, user, level));
    return;
  }
  g.is_lost = true;
  const auto spread = std::hash<std::string>{}(room_.node.server_name + room_.id + std::to_string(g.attempts));
  alarm_.set(out_.now() + pause_ms + static_cast<time_ms>(spread % spread_ms));
}

void lost_levels::try_again() {
  if (std::exchange(asked_, false)) on_deadline();
}

void lost_levels::on_deadline() {
  alarm_.clear();
  if (!room_.takes_part()) return given_.clear();
  std::vector<std::string> users;
  for (const auto& [user, g] : given_)
    if (g.is_lost) users.push_back(user);
  for (const auto& user : users)
    if (const auto found = given_.find(user); found != given_.end() && !give(user, found->second)) {
      asked_ = true;
      return;
    }
}

bool lost_levels::give(const std::string& user, given& g) {
  if (room_.graph.levels().of_user(user) == g.level) {
    g.is_lost = false;
    return true;
  }
  const auto levels = room_.graph.state_event(levels_type);
  auto e = authoring_.author({levels_type, g.by, "", with_level(*room_.graph.create(), levels.get(), user, g.level)});
  if (e.waits()) return false;
  g.is_lost = false;
  ++g.attempts;
  const auto by = g.by;
  const auto done = e ? authoring_.commit(*e) : status{e.error()};
  out_.log(done ? log_level::info : log_level::warning,
           done ? "R122 power level reapplied after a conflicting change won"
                : "R123 power level not reapplied after a conflicting change won",
           {{"room", room_.id}, {"user", user}, {"by", by}, {"why", done ? std::string{} : to_string(done.error())}});
  if (!done) {
    notify(room_, out_, lost_update(room_, user, g.level));
    given_.erase(user);
  }
  return true;
}

} // namespace causeway::room
