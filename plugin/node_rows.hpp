#pragma once
#include "actors/hops.hpp"
#include "actors/type_ids.hpp"
#include "messages/trace.hpp"
#include "plugin/admin/rows.hpp"
#include "plugin/admin/views.hpp"
#include "plugin/admin/why_rows.hpp"
#include "plugin/store/term_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace causeway {

/// What a supervisor says of an actor, as the operator sees it.
inline admin::actor_row row_of(const supervision& x) {
  return {x.kind,
          x.key,
          x.phase,
          x.since,
          static_cast<std::int64_t>(x.handled),
          static_cast<std::int64_t>(x.mailbox),
          static_cast<std::int64_t>(x.failures),
          x.last_fault,
          x.oldest_waiting,
          x.handling_us,
          x.retry_at};
}

/// A hop of an event likewise; what came before it is not told here.
inline admin::hop_row row_of(const seen_hop& x) {
  admin::hop_row row;
  row.at_ts = x.at;
  row.actor = std::string{name(x.where.kind)} + (x.where.key.empty() ? "" : " " + x.where.key);
  row.stage = name(x.what.stage);
  row.event_id = x.what.event_id;
  row.trace = trace_text(x.trace);
  if (const auto* more = x.what.more.get()) {
    row.server = more->server;
    row.transaction = more->transaction;
    row.attempt = more->attempt;
    row.phase = name(more->phase);
    row.answer = more->answer;
  }
  return row;
}

/// Who has served, the latest first, at most `limit`; how long nobody had before is told by the one that comes after
/// them in `found`.
inline result<std::vector<admin::term_row>> rows_of(const result<std::vector<store::term>>& found, std::size_t limit) {
  if (!found) return found.error();
  std::vector<admin::term_row> rows;
  rows.reserve(found->size());
  for (const auto& x : *found)
    rows.push_back({x.name, x.version, x.why, admin::views::incarnation_text(x.incarnation), x.from_ts, x.until_ts, 0});
  for (std::size_t i = 1; i < rows.size(); ++i)
    if (rows[i].until_ts != 0) rows[i - 1].gap_ms = rows[i - 1].from_ts - rows[i].until_ts;
  if (rows.size() > limit) rows.resize(limit);
  return rows;
}

} // namespace causeway
