#include "plugin/store/shared_ids.hpp"

#include "plugin/meta.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace causeway::store::sql {
namespace {

/// So far ahead of the newest row the mark is set: it is written once in so many rows.
constexpr std::int64_t mark_ahead = 65'536;

/// Rows of two arrays: ?1 hashes, ?2 numbers.
std::string insert_into_index(const id_kind& kind) {
  return "INSERT INTO " + table_of(kind) +
         "(hash, row) SELECT * FROM unnest(convert_from(?1, 'UTF8')::bigint[], convert_from(?2, 'UTF8')::bigint[])"
         " ON CONFLICT DO NOTHING";
}

using entries = std::vector<std::pair<std::int64_t, std::int64_t>>; // hash, row

/// In their order, so that neighbours share a page.
void insert_all(statement& insert, entries& x) {
  std::ranges::sort(x);
  std::string hashes = "{", rows = "{";
  for (const auto& [hash, row] : x) {
    const auto* comma = hashes.size() > 1 ? "," : "";
    hashes.append(comma).append(std::to_string(hash));
    rows.append(comma).append(std::to_string(row));
  }
  insert.run(hashes += '}', rows += '}');
}

std::int64_t mark_in(connection& db, const id_kind& kind) {
  const auto name = mark_of(kind);
  statement find{db, find_meta};
  auto rows = find.query(name);
  return rows.next() ? rows.integer(0) : 0;
}

/// The ids of rows that are in no index yet.
void index_what_is_left(connection& db, const id_kind& kind, const id_hasher& hash) {
  const auto mark = mark_in(db, kind);
  entries left;
  auto last = mark;
  {
    statement select{db, kind.rows_after};
    for (auto rows = select.query(mark); rows.next();) {
      left.emplace_back(hash(rows.text(1)), rows.integer(0));
      last = std::max(last, rows.integer(0));
    }
  }
  if (left.empty()) return;
  transaction all{db, transaction::kind::write};
  statement insert{db, insert_into_index(kind)};
  insert_all(insert, left);
  statement{db, put_meta}.run(mark_of(kind), std::to_string(last));
  all.commit();
}

/// What stood out of order in the queue of a server had a number behind the last one there.
constexpr const char* last_in_queues =
  "SELECT coalesce(max(q.key & 1099511627775), 0) FROM servers s JOIN LATERAL (SELECT d.key FROM destination_pdus d"
  " WHERE d.key BETWEEN s.server << 40 AND (s.server << 40) + 1099511627775 ORDER BY d.key DESC LIMIT 1) q ON true";
static_assert(packed_low_bits == 40 && packed_low_max == 1'099'511'627'775, "the statement spells them out");

} // namespace

void take_over_ids(connection& db, const id_hasher& hash) {
  for (const auto* kind : {&events_by_id, &commands_by_id, &bindings_by_event, &bindings_by_chat}) {
    index_what_is_left(db, *kind, hash);
    if (kind == &bindings_by_chat) continue; // the rows are those of the kind before
    auto last = db.integer(kind->last_row);
    if (kind == &events_by_id) last = std::max(last, db.integer(last_in_queues));
    skip_numbers(db, *kind, last);
  }
}

shared_ids::shared_ids(connection& db, const id_kind& kind, std::shared_ptr<recent_ids> recent)
    : recent_(std::move(recent)), mark_row_(mark_of(kind)), numbers_(db, kind), insert_(db, insert_into_index(kind)),
      delete_(db, "DELETE FROM " + table_of(kind) + " WHERE hash = ?1 AND row = ?2"), put_mark_(db, put_meta),
      mark_(mark_in(db, kind)) {}

void shared_ids::add(std::int64_t hash, std::int64_t row) {
  recent_->add(hash, row);
  added_.emplace_back(hash, row);
  if (row <= mark_) return;
  mark_ = row + mark_ahead;
  is_mark_due_ = true;
}

void shared_ids::flush() {
  if (!added_.empty()) insert_all(insert_, added_);
  // At the end of a transaction, since nodes wait here for each other.
  if (is_mark_due_) put_mark_.run(mark_row_, std::to_string(mark_));
}

void shared_ids::committed() {
  is_mark_due_ = false;
  forget_added();
}

void shared_ids::rolled_back() { forget_added(); }

void shared_ids::forget_added() {
  for (const auto& [hash, row] : added_) recent_->erase(hash, row);
  added_.clear();
}

} // namespace causeway::store::sql
