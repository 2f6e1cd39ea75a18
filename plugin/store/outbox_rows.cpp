#include "plugin/store/outbox_rows.hpp"

#include "messages/chat/codec.hpp"
#include "messages/dead_letter_id.hpp"
#include "plugin/store/columns.hpp"
#include "plugin/store/keys.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace causeway::store::sql {
namespace {

/// Version 9 did not say when one was refused. Only SQLite ever had stores of that version.
void date_dead_letters(connection& db) {
  if (db.integer("SELECT EXISTS(SELECT 1 FROM dead_letters)") != 0)
    db.execute("UPDATE dead_letters SET ts = CAST(strftime('%s', 'now') AS INTEGER) * 1000");
}

constexpr schema_step steps_of_outbox[] = {{1, R"(
CREATE TABLE streams(stream INTEGER PRIMARY KEY, head INTEGER NOT NULL, acknowledged INTEGER NOT NULL);
CREATE TABLE outbox(key INTEGER PRIMARY KEY, name TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE outbox_marks(
  stream INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL,
  PRIMARY KEY(stream, ts)) WITHOUT ROWID;
CREATE TABLE dead_letters(key INTEGER PRIMARY KEY, reason TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL);
)"},
                                           {10, R"(
ALTER TABLE dead_letters ADD COLUMN ts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN room_id TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN event_id TEXT NOT NULL DEFAULT '';
CREATE INDEX dead_letters_by_ts ON dead_letters(ts);
)",
                                            &date_dead_letters}};

/// An acknowledgement is noted at most this often for the retention of the outbox.
constexpr std::int64_t mark_interval_ms_max = 3'600'000;

} // namespace

schema_steps outbox_steps() { return steps_of_outbox; }

// -- writing ----------------------------------------------------------------------------------------------------------

outbox_writes::outbox_writes(connection& db)
    : db_(db), select_streams_(db, "SELECT stream, " + select_list<stream_columns>() + " FROM streams"),
      put_stream_(db, insert_or_update<stream_columns>("streams", {"stream"})),
      insert_(db, insert_into<notification_columns>("outbox", {"key"})),
      put_dead_letter_(db, "INSERT INTO dead_letters(key, reason, ts, room_id, event_id, name, body)"
                           " VALUES(?1, ?2, ?3, ?4, ?5,"
                           " coalesce((SELECT name FROM outbox WHERE key = ?1), ''),"
                           " coalesce((SELECT body FROM outbox WHERE key = ?1), x''))"
                           " ON CONFLICT(key) DO NOTHING"),
      notification_name_(db, "SELECT name FROM outbox WHERE key = ?1"),
      count_dead_letters_(db, "SELECT count(*) FROM dead_letters"),
      dead_letter_(db, "SELECT " + select_list<notification_columns>() + " FROM dead_letters WHERE key = ?1"),
      drop_dead_letter_(db, "DELETE FROM dead_letters WHERE key = ?1"),
      drop_oldest_dead_letters_(db, "DELETE FROM dead_letters WHERE key IN"
                                    " (SELECT key FROM dead_letters ORDER BY ts, key LIMIT ?1)") {}

void outbox_writes::begin_batch(commit_outcome& outcome) {
  if (stale_) load();
  outcome_ = &outcome;
  outcome_bytes_ = 0;
}

void outbox_writes::load() {
  streams_.clear();
  for (auto rows = select_streams_.query(); rows.next();)
    streams_[static_cast<std::uint32_t>(rows.integer(0))] = {read_row<stream_columns>(rows, 1), false};
  if (auto rows = count_dead_letters_.query(); rows.next()) dead_letters_ = rows.integer(0);
  stale_ = false;
}

void outbox_writes::apply(const append_outbox& x) {
  auto& stream = streams_[x.stream];
  auto cursor = ++stream.row.head;
  stream.changed = true;
  write_row<notification_columns>(insert_, {x.name, x.body}, packed(x.stream, cursor));
  outcome_->outbox_heads[x.stream] = cursor;
  if (outcome_bytes_ > outcome_bytes_max) return;
  outcome_bytes_ += x.name.size() + x.body.size();
  if (outcome_bytes_ > outcome_bytes_max)
    outcome_->outbox_rows.clear(); // all of them or none: a gap must be read anyway
  else outcome_->outbox_rows[x.stream].push_back({cursor, x.name, x.body});
}

void outbox_writes::apply(const acknowledge_outbox& x) {
  auto known = streams_.find(x.stream);
  if (known == streams_.end()) return;
  auto& stream = known->second;
  auto wanted = std::min(x.cursor, stream.row.head);
  if (wanted <= stream.row.acknowledged) return;
  stream.row.acknowledged = wanted;
  stream.changed = true;
}

void outbox_writes::apply(const put_dead_letter& x) {
  const auto key = packed(x.stream, x.cursor);
  std::string name;
  if (auto rows = notification_name_.query(key); rows.next()) name = rows.string(0);
  // Of those that tell of dead letters there are none, or one that is always refused would go round for ever.
  if (name == chat::dead_letter::name) return;
  put_dead_letter_.run(key, x.reason, x.ts, x.room_id, x.event_id);
  if (db_.changes() == 0) return; // it was given up before
  chat::dead_letter told{dead_letter_id({x.stream, x.cursor}), std::move(name), x.reason, x.ts, {}, {}};
  if (!x.room_id.empty()) told.matrix_room_id = x.room_id;
  if (!x.event_id.empty()) told.event_id = x.event_id;
  apply(append_outbox{x.stream, chat::dead_letter::name, chat::encode(chat::notification{std::move(told)})});
  drop_surplus_dead_letters();
}

void outbox_writes::drop_surplus_dead_letters() {
  // Counted too high where others went since; then they are counted anew.
  constexpr auto kept_max = static_cast<std::int64_t>(dead_letters_kept_max);
  if (++dead_letters_ <= kept_max) return;
  if (auto rows = count_dead_letters_.query(); rows.next()) dead_letters_ = rows.integer(0);
  if (dead_letters_ <= kept_max) return;
  drop_oldest_dead_letters_.run(dead_letters_ - kept_max);
  dead_letters_ = kept_max;
}

void outbox_writes::apply(const retry_dead_letter& x) {
  const auto key = packed(x.stream, x.cursor);
  append_outbox again{x.stream, {}, {}};
  {
    auto rows = dead_letter_.query(key);
    if (!rows.next()) return;
    const auto row = read_row<notification_columns>(rows);
    again.name = row.name;
    again.body = row.body;
  }
  if (!again.name.empty()) apply(again); // else its notification was gone when it was refused
  drop_dead_letter_.run(key);
}

void outbox_writes::apply(const drop_dead_letter& x) { drop_dead_letter_.run(packed(x.stream, x.cursor)); }

void outbox_writes::flush() {
  // The cursors of what was gathered follow all others of this commit; so the outcome of the last batch has them.
  for (auto& x : deliveries_.take()) {
    const chat::notification told{std::move(x.told)};
    apply(append_outbox{x.stream, chat::name(told), chat::encode(told)});
  }
  for (auto& [stream, x] : streams_)
    if (std::exchange(x.changed, false)) write_row<stream_columns>(put_stream_, x.row, stream);
}

// -- retention --------------------------------------------------------------------------------------------------------

std::size_t outbox_writes::purge(std::int64_t now_ms, std::int64_t kept_ms, std::size_t limit) {
  std::vector<std::pair<std::int64_t, std::int64_t>> acknowledged;
  for (auto rows = select_streams_.query(); rows.next();)
    acknowledged.emplace_back(rows.integer(0), read_row<stream_columns>(rows, 1).acknowledged);
  std::size_t removed = 0;
  for (auto [stream, cursor] : acknowledged) removed += purge_stream(stream, cursor, now_ms, kept_ms, limit);
  return removed;
}

std::size_t outbox_writes::purge_stream(std::int64_t stream, std::int64_t acknowledged, std::int64_t now_ms,
                                        std::int64_t kept_ms, std::size_t limit) {
  // Marks of a clock that ran ahead would keep new ones away.
  statement{db_, "DELETE FROM outbox_marks WHERE stream = ?1 AND ts > ?2"}.run(stream, now_ms);
  auto interval_ms = std::min(mark_interval_ms_max, kept_ms / 8);
  statement{db_, "INSERT INTO outbox_marks SELECT ?1, ?2, ?3 WHERE NOT EXISTS"
                 " (SELECT 1 FROM outbox_marks WHERE stream = ?1 AND (ts > ?4 OR acknowledged >= ?3))"
                 " ON CONFLICT DO NOTHING"}
    .run(stream, now_ms, acknowledged, now_ms - interval_ms);
  std::int64_t covered = 0, mark_ts = 0;
  {
    statement select{
      db_, "SELECT acknowledged, ts FROM outbox_marks WHERE stream = ?1 AND ts <= ?2 ORDER BY ts DESC LIMIT 1"};
    auto rows = select.query(stream, now_ms - kept_ms);
    if (!rows.next()) return 0;
    covered = rows.integer(0);
    mark_ts = rows.integer(1);
  }
  statement{db_, "DELETE FROM outbox_marks WHERE stream = ?1 AND ts < ?2"}.run(stream, mark_ts);
  statement{
    db_, "DELETE FROM outbox WHERE key IN (SELECT key FROM outbox WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT ?3)"}
    .run(packed(stream, 0), packed(stream, covered), limit);
  return static_cast<std::size_t>(db_.changes());
}

std::size_t outbox_writes::purge_dead_letters(std::int64_t now_ms, std::int64_t kept_ms, std::size_t limit) {
  statement{db_, "DELETE FROM dead_letters WHERE key IN"
                 " (SELECT key FROM dead_letters WHERE ts < ?1 ORDER BY ts LIMIT ?2)"}
    .run(now_ms - kept_ms, limit);
  return static_cast<std::size_t>(db_.changes());
}

// -- reading ----------------------------------------------------------------------------------------------------------

outbox_reads::outbox_reads(connection& db)
    : rows_(db, "SELECT key, " + select_list<notification_columns>() +
                  " FROM outbox WHERE key > ?1 AND key <= ?2 ORDER BY key LIMIT ?3"),
      stream_(db, "SELECT " + select_list<stream_columns>() + " FROM streams WHERE stream = ?1"),
      first_(db, "SELECT key FROM outbox WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT 1"),
      dead_letters_(db, "SELECT key, " + select_list<dead_letter_columns>() +
                          " FROM dead_letters WHERE key > ?1 ORDER BY key LIMIT ?2"),
      dead_letter_(db, "SELECT body, " + select_list<dead_letter_columns>() + " FROM dead_letters WHERE key = ?1"),
      streams_(db, "SELECT stream, " + select_list<stream_columns>() + " FROM streams ORDER BY stream"),
      refusal_(db, "SELECT key, reason, ts, room_id FROM dead_letters WHERE event_id = ?1 ORDER BY key DESC LIMIT 1") {}

answer outbox_reads::on(const find_notification& x) {
  notification_found found;
  for (auto rows = streams_.query(); rows.next();) {
    const auto row = read_row<stream_columns>(rows, 1);
    found.streams.push_back({static_cast<std::uint32_t>(rows.integer(0)), row.head, row.acknowledged});
  }
  const auto limit = static_cast<std::int64_t>(std::min(x.rows_max, rows_max));
  for (const auto& s : found.streams) {
    found.whole = found.whole && s.head - s.acknowledged <= limit;
    auto rows = rows_.query(packed(s.number, s.acknowledged), packed(s.number, s.head), limit);
    while (!found.stream && rows.next()) {
      const auto row = read_row<notification_columns>(rows, 1);
      // A body holds its texts as they are, so it need not be decoded to see whether it names the event.
      if (row.name == chat::delivery_changed::name || row.body.find(x.event_id) == std::string_view::npos) continue;
      found.stream = s.number;
      found.cursor = low_of(rows.integer(0));
      found.name = row.name;
    }
    if (found.stream) break;
  }
  if (auto rows = refusal_.query(x.event_id); rows.next()) {
    const auto key = rows.integer(0);
    found.refusal = put_dead_letter{static_cast<std::uint32_t>(high_of(key)),
                                    low_of(key),
                                    rows.string(1),
                                    rows.integer(2),
                                    rows.string(3),
                                    x.event_id};
  }
  return found;
}

answer outbox_reads::on(const read_outbox& x) {
  outbox_read read;
  read.stream = x.stream;
  {
    auto rows = stream_.query(x.stream);
    if (!rows.next()) return read;
    const auto stream = read_row<stream_columns>(rows);
    read.head = stream.head;
    read.acknowledged = stream.acknowledged;
  }
  if (auto first = first_.query(first_of(x.stream), last_of(x.stream)); first.next())
    read.first_kept = low_of(first.integer(0));
  auto after = std::clamp<std::int64_t>(x.after, 0, packed_low_max);
  auto rows = rows_.query(packed(x.stream, after), last_of(x.stream), std::min(x.limit, rows_max));
  std::size_t bytes = 0;
  while (rows.next()) {
    const auto row = read_row<notification_columns>(rows, 1);
    bytes += row.name.size() + row.body.size();
    // The first row always goes out, or one large notification would block the stream.
    if (bytes > x.bytes_max && !read.rows.empty()) break;
    read.rows.push_back({low_of(rows.integer(0)), std::string{row.name}, std::string{row.body}});
  }
  return read;
}

answer outbox_reads::on(const list_dead_letters& x) {
  dead_letters_listed listed;
  const auto limit = std::min(x.limit, rows_max);
  std::int64_t after = -1;
  if (x.after) after = packed(x.after->stream, std::clamp<std::int64_t>(x.after->cursor, 0, packed_low_max));
  auto rows = dead_letters_.query(after, limit + 1);
  while (rows.next()) {
    listed.more = listed.letters.size() == limit;
    if (listed.more) break;
    auto& one = listed.letters.emplace_back(read_row<dead_letter_columns>(rows, 1));
    const auto key = rows.integer(0);
    one.at = {static_cast<std::uint32_t>(high_of(key)), low_of(key)};
  }
  return listed;
}

answer outbox_reads::on(const load_dead_letter& x) {
  dead_letter_loaded loaded;
  auto rows = dead_letter_.query(packed(x.at.stream, std::clamp<std::int64_t>(x.at.cursor, 0, packed_low_max)));
  if (!rows.next()) return loaded;
  loaded.body = rows.string(0);
  loaded.letter = read_row<dead_letter_columns>(rows, 1);
  loaded.letter->at = x.at;
  return loaded;
}

} // namespace causeway::store::sql
