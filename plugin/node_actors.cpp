#include "plugin/node_actors.hpp"

#include "plugin/node_rows.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace causeway {

namespace {

std::vector<caf::actor> supervisors_of(const message_router& router) {
  std::vector<caf::actor> kinds;
  for (const auto& s : router.supervisors)
    if (s) kinds.push_back(s);
  return kinds;
}

/// Collects what the supervisors answer, from any thread.
template <class Part>
struct parts_of_kinds {
  std::mutex mutex;
  std::size_t open = 0;
  std::vector<Part> parts;

  /// Whether this was the last one.
  bool add(std::vector<Part> more) {
    const std::lock_guard guard(mutex);
    parts.insert(parts.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    return --open == 0;
  }
};

child_place place_of(const children_ranked::one& x, child_column by) {
  child_place place{x.has_value, x.number, {}, x.row.kind, x.row.key};
  if (by == child_column::key) place.text = x.row.key;
  if (by == child_column::phase) place.text = x.row.phase;
  if (by == child_column::last_fault) place.text = x.row.last_fault;
  return place;
}

admin::actors_ranked put_together(const std::vector<children_ranked>& kinds, const child_order& wanted) {
  admin::actors_ranked out;
  std::vector<std::pair<child_place, const supervision*>> places;
  for (const auto& kind : kinds) {
    out.total += kind.counted.total;
    for (std::size_t i = 0; i < child_phases.size(); ++i)
      if (const auto count = kind.counted.phases.at(i); count > 0)
        out.phases[std::string{child_phases.at(i)}] += static_cast<std::int64_t>(count);
    for (const auto& x : kind.first) places.emplace_back(place_of(x, wanted.by), &x.row);
  }
  std::sort(places.begin(), places.end(),
            [&](const auto& a, const auto& b) { return stands_before(a.first, b.first, wanted.descending); });
  if (places.size() > wanted.limit) places.resize(wanted.limit);
  for (const auto& x : places) out.rows.push_back(row_of(*x.second));
  return out;
}

} // namespace

void list_actors(const message_router& router, std::function<void(std::vector<admin::actor_row>)> done) {
  const auto kinds = supervisors_of(router);
  auto all = std::make_shared<parts_of_kinds<admin::actor_row>>();
  all->open = kinds.size();
  auto one = std::make_shared<std::function<void(std::vector<supervision>)>>(
    [all, done = std::move(done)](const std::vector<supervision>& seen) {
      std::vector<admin::actor_row> rows;
      rows.reserve(seen.size());
      for (const auto& x : seen) rows.push_back(row_of(x));
      if (all->add(std::move(rows))) done(std::move(all->parts));
    });
  for (const auto& s : kinds) caf::anon_send(s, list_children{one});
}

void find_actor(const message_router& router, const address& who,
                std::function<void(std::vector<admin::actor_row>)> done) {
  const auto& supervisor_of_kind = router.supervisors.at(static_cast<std::size_t>(who.kind));
  if (!supervisor_of_kind) return done({});
  auto one = std::make_shared<std::function<void(std::vector<supervision>)>>(
    [done = std::move(done)](const std::vector<supervision>& seen) {
      std::vector<admin::actor_row> rows;
      for (const auto& x : seen) rows.push_back(row_of(x));
      done(std::move(rows));
    });
  caf::anon_send(supervisor_of_kind, list_children{one, who.key});
}

void rank_actors(const message_router& router, const admin::actors_request& wanted,
                 std::function<void(result<admin::actors_ranked>)> done) {
  const auto column = find_child_column(wanted.column);
  if (!column) return done(fault{fault_code::invalid_param, "sort: there is no column " + wanted.column});
  child_order order{*column, wanted.descending, wanted.filter, wanted.limit};
  if (!wanted.phase.empty()) {
    const auto* at = std::find(child_phases.begin(), child_phases.end(), wanted.phase);
    if (at == child_phases.end()) return done(fault{fault_code::invalid_param, "there is no phase " + wanted.phase});
    order.phase = static_cast<std::size_t>(at - child_phases.begin());
  }
  const auto kinds = supervisors_of(router);
  auto all = std::make_shared<parts_of_kinds<children_ranked>>();
  all->open = kinds.size();
  auto one =
    std::make_shared<std::function<void(children_ranked)>>([all, order, done = std::move(done)](children_ranked seen) {
      std::vector<children_ranked> part;
      part.push_back(std::move(seen));
      if (all->add(std::move(part))) done(put_together(all->parts, order));
    });
  for (const auto& s : kinds) caf::anon_send(s, rank_children{order, one});
}

} // namespace causeway
