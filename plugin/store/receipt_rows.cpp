#include "plugin/store/receipt_rows.hpp"

#include "plugin/store/binding_rows.hpp"
#include "plugin/store/columns.hpp"
#include "plugin/store/event_rows.hpp"

#include <algorithm>
#include <string>

namespace causeway::store::sql {
namespace {

// A marker is written over in its place: a user who reads on touches one page, and the table is as large as there are
// users in rooms, not as what they read.
constexpr schema_step steps_of_receipts[] = {{10, R"(
CREATE TABLE receipts(
  room INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  thread TEXT NOT NULL,
  is_private INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  change INTEGER NOT NULL,
  PRIMARY KEY(room, user_id, thread, is_private)) WITHOUT ROWID;
CREATE INDEX receipts_by_change ON receipts(change) WHERE change > 0;
CREATE TABLE receipt_debts(server INTEGER PRIMARY KEY, since INTEGER NOT NULL);
)"}};

const char* const by_key = " WHERE room = ?1 AND user_id = ?2 AND thread = ?3 AND is_private = ?4";

/// thread, is_private, and the columns: from column `first` on.
put_receipt marker_in(const cursor& rows, int first) {
  put_receipt x;
  x.thread = rows.string(first);
  x.is_private = rows.integer(first + 1) != 0;
  read_row<receipt_columns>(rows, first + 2, x);
  return x;
}

/// Of each user one row: with max() SQLite takes the other columns from the row that has it.
std::string furthest(const std::string& condition) {
  return "SELECT user_id, thread, is_private, " + select_list<receipt_columns>() +
         " FROM (SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY position DESC) AS place"
         " FROM receipts WHERE room = ?1 AND user_id > ?2 " +
         condition + ") AS furthest WHERE place = 1 ORDER BY user_id LIMIT ?3";
}

/// The root of the thread that an event is in; main: in none.
std::string thread_of(const matrix::event& x) {
  const auto* relates = x.content().find("m.relates_to");
  const auto* type = relates ? relates->find_string("rel_type") : nullptr;
  const auto* root = relates ? relates->find_string("event_id") : nullptr;
  return type && root && *type == "m.thread" ? *root : "main";
}

} // namespace

schema_steps receipt_steps() { return steps_of_receipts; }

receipt_writes::receipt_writes(connection& db, names& known)
    : names_(known),
      put_(db, insert_or_update<receipt_columns>("receipts", {"room", "user_id", "thread", "is_private"})),
      remove_(db, std::string{"DELETE FROM receipts"} + by_key),
      put_debt_(db, "INSERT INTO receipt_debts(server, since) VALUES(?1, ?2) "
                    "ON CONFLICT(server) DO UPDATE SET since = ?2"),
      remove_debt_(db, "DELETE FROM receipt_debts WHERE server = ?1") {}

void receipt_writes::apply(const put_receipt& x) {
  write_row<receipt_columns>(put_, x, names_.room(x.room_id, ""), x.user_id, x.thread, x.is_private ? 1 : 0);
}

void receipt_writes::apply(const remove_receipt& x) {
  if (const auto room = names_.find_room(x.room_id)) remove_.run(room, x.user_id, x.thread, x.is_private ? 1 : 0);
}

void receipt_writes::apply(const put_receipt_debt& x) {
  if (x.since >= 0) put_debt_.run(names_.server(x.server_name), x.since);
  else if (const auto server = names_.find_server(x.server_name)) remove_debt_.run(server);
}

receipt_reads::receipt_reads(connection& db, names& known, event_reads& events, binding_reads& bindings)
    : names_(known), events_(events), bindings_(bindings),
      of_user_(db, "SELECT thread, is_private, " + select_list<receipt_columns>() +
                     " FROM receipts WHERE room = ?1 AND user_id = ?2"),
      place_(db, "SELECT judged, position, origin_server_ts FROM events WHERE seq = ?1"),
      readers_(db, furthest("AND is_private = 0 AND position >= ?4 AND thread IN ('', ?5) AND user_id <> ?6")),
      positions_(db, furthest("")),
      debts_(db, "SELECT s.name, d.since FROM receipt_debts d JOIN servers s ON s.server = d.server"),
      changes_(db, "SELECT r.room_id, x.user_id, x.thread, x.is_private, " + select_list<receipt_columns>("x.") +
                     " FROM receipts x JOIN rooms r ON r.room = x.room WHERE x.change > ?1 AND x.change > 0"
                     " ORDER BY x.change DESC LIMIT ?2"),
      last_change_(db, "SELECT max(change) FROM receipts WHERE change > 0") {}

answer receipt_reads::on(const load_receipts& x) {
  receipts_loaded loaded;
  const auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  for (const auto& user : x.user_ids)
    for (auto rows = of_user_.query(room, user); rows.next();) {
      auto& one = loaded.receipts.emplace_back(marker_in(rows, 0));
      one.room_id = x.room_id;
      one.user_id = user;
    }
  for (const auto& id : x.event_ids) {
    const auto seq = names_.find_event(id, room);
    if (seq == 0) continue;
    auto row = place_.query(seq);
    if (!row.next() || static_cast<verdict>(row.integer(0)) != verdict::accepted || row.integer(1) == 0) continue;
    loaded.places.push_back({id, row.integer(1), row.integer(2), bindings_.find(x.room_id, id).chat_message_id});
  }
  return loaded;
}

answer receipt_reads::on(const find_readers& x) {
  readers_found found;
  const auto room = names_.find_room(x.room_id);
  const auto limit = std::min(x.limit, rows_max);
  const auto fill = [&](cursor rows) {
    while (rows.next()) {
      found.more = found.readers.size() == limit;
      if (found.more) return;
      auto& one = found.readers.emplace_back();
      one.marker = marker_in(rows, 1);
      one.marker.user_id = rows.string(0);
    }
  };
  const auto asked = static_cast<std::int64_t>(limit + 1);
  if (x.event_id.empty()) {
    if (room != 0) fill(positions_.query(room, x.after, asked));
  } else {
    const auto seq = room == 0 ? 0 : names_.find_event(x.event_id, room);
    const auto target = seq == 0 ? stored_event{} : events_.event(seq, room);
    found.known = target.event && target.judged == verdict::accepted && target.position != 0;
    if (!found.known) return found;
    const auto thread = thread_of(*target.event);
    fill(readers_.query(room, x.after, asked, target.position, thread, target.event->sender));
  }
  for (auto& one : found.readers) one.chat_message_id = bindings_.find(x.room_id, one.marker.event_id).chat_message_id;
  return found;
}

answer receipt_reads::on(const load_receipt_debts& x) {
  receipt_debts_loaded loaded;
  for (auto rows = debts_.query(); rows.next();) loaded.debts.push_back({rows.string(0), rows.integer(1)});
  if (auto rows = last_change_.query(); rows.next()) loaded.last_change = rows.integer(0);
  if (loaded.debts.empty()) return loaded;
  const auto least = std::ranges::min_element(loaded.debts, {}, &put_receipt_debt::since)->since;
  const auto limit = static_cast<std::int64_t>(std::min(x.limit, rows_max));
  for (auto rows = changes_.query(least, limit); rows.next();) {
    auto& one = loaded.markers.emplace_back(marker_in(rows, 2));
    one.room_id = rows.string(0);
    one.user_id = rows.string(1);
  }
  std::ranges::reverse(loaded.markers);
  return loaded;
}

} // namespace causeway::store::sql
