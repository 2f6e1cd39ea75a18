#include "plugin/store/inbox_rows.hpp"

#include "plugin/store/columns.hpp"

#include <algorithm>
#include <string_view>

namespace causeway::store::sql {
namespace {

constexpr schema_step steps_of_inbox[] = {{1, R"(
CREATE TABLE inbox(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  pdu TEXT NOT NULL,
  received_ts INTEGER NOT NULL,
  UNIQUE(room, event_id));
)"},
                                          {4, R"(
ALTER TABLE inbox RENAME TO inbox_3;
CREATE TABLE inbox(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  pdu TEXT NOT NULL,
  received_ts INTEGER NOT NULL,
  UNIQUE(room, event_id, origin));
INSERT INTO inbox SELECT * FROM inbox_3;
DROP TABLE inbox_3;
)"}};

/// What holds `text`, as LIKE has it with the escape '!'. (SQLite's takes small letters for large ones.)
std::string pattern_of(std::string_view text) {
  std::string out = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '!') out += '!';
    out += c;
  }
  return out += '%';
}

} // namespace

schema_steps inbox_steps() { return steps_of_inbox; }

inbox_writes::inbox_writes(connection& db, names& known)
    : names_(known), put_(db, insert_or_update<inbox_columns>("inbox", {"room", "event_id", "origin"})),
      delete_(db, "DELETE FROM inbox WHERE room = ?1 AND event_id = ?2") {}

void inbox_writes::apply(const put_inbox& x) {
  write_row<inbox_columns>(put_, x, names_.room(x.room_id, ""), x.event_id, x.origin);
}

void inbox_writes::apply(const remove_inbox& x) {
  auto room = names_.find_room(x.room_id);
  if (room == 0) return;
  for (const auto& event_id : x.event_ids) delete_.run(room, event_id);
}

inbox_reads::inbox_reads(connection& db)
    : of_room_(db,
               "SELECT event_id, origin, " + select_list<inbox_columns>() + " FROM inbox WHERE room = ?1 ORDER BY seq"),
      // The index over room, event and origin is read from end to end: it holds what waits, and nothing else.
      of_event_(db, "SELECT r.room_id, i.event_id, i.origin, " + select_list<inbox_columns>("i.") +
                      " FROM inbox i JOIN rooms r ON r.room = i.room WHERE i.event_id = ?1 ORDER BY i.seq LIMIT ?2"),
      of_origin_(db, "SELECT r.room_id, i.event_id, " + select_list<inbox_columns>("i.") +
                       " FROM inbox i JOIN rooms r ON r.room = i.room WHERE i.origin = ?1 ORDER BY i.seq LIMIT ?2"),
      count_of_origin_(db, "SELECT count(*) FROM inbox WHERE origin = ?1"),
      of_all_(db, "SELECT r.room_id, i.event_id, i.origin, " + select_list<inbox_columns>("i.") +
                    " FROM inbox i JOIN rooms r ON r.room = i.room ORDER BY i.seq LIMIT ?1"),
      count_of_all_(db, "SELECT count(*) FROM inbox"),
      with_text_(db, "SELECT r.room_id, i.event_id, i.origin, " + select_list<inbox_columns>("i.") +
                       " FROM inbox i JOIN rooms r ON r.room = i.room WHERE i.pdu LIKE ?1 ESCAPE '!' "
                       "ORDER BY i.seq LIMIT ?2") {}

answer inbox_reads::on(const find_staged& x) {
  staged_found found;
  for (auto rows = of_event_.query(x.event_id, std::min(x.limit, rows_max)); rows.next();) {
    auto& one = found.copies.emplace_back(read_row<inbox_columns>(rows, 3));
    one.room_id = rows.string(0);
    one.event_id = rows.string(1);
    one.origin = rows.string(2);
  }
  return found;
}

namespace {

void add(staged_listed& to, cursor found) {
  while (found.next()) {
    auto& one = to.staged.emplace_back(read_row<inbox_columns>(found, 3));
    one.room_id = found.string(0);
    one.event_id = found.string(1);
    one.origin = found.string(2);
  }
}

} // namespace

staged_listed inbox_reads::with_text(const std::string& text, std::size_t limit) {
  staged_listed listed;
  add(listed, with_text_.query(pattern_of(text), std::min(limit, rows_max)));
  // One letter for another is no match.
  std::erase_if(listed.staged, [&](const put_inbox& x) { return x.pdu.find(text) == std::string::npos; });
  listed.total = static_cast<std::int64_t>(listed.staged.size());
  return listed;
}

staged_listed inbox_reads::of_all(std::size_t limit) {
  staged_listed listed;
  add(listed, of_all_.query(std::min(limit, rows_max)));
  if (auto rows = count_of_all_.query(); rows.next()) listed.total = rows.integer(0);
  return listed;
}

answer inbox_reads::on(const list_staged& x) {
  if (!x.text.empty()) return with_text(x.text, x.limit);
  if (x.origin.empty()) return of_all(x.limit);
  staged_listed listed;
  for (auto rows = of_origin_.query(x.origin, std::min(x.limit, rows_max)); rows.next();) {
    auto& one = listed.staged.emplace_back(read_row<inbox_columns>(rows, 2));
    one.room_id = rows.string(0);
    one.event_id = rows.string(1);
    one.origin = x.origin;
  }
  if (auto rows = count_of_origin_.query(x.origin); rows.next()) listed.total = rows.integer(0);
  return listed;
}

std::vector<put_inbox> inbox_reads::of_room(std::int64_t room, const std::string& room_id) {
  std::vector<put_inbox> staged;
  for (auto rows = of_room_.query(room); rows.next();) {
    auto& one = staged.emplace_back(read_row<inbox_columns>(rows, 2));
    one.room_id = room_id;
    one.event_id = rows.string(0);
    one.origin = rows.string(1);
  }
  return staged;
}

} // namespace causeway::store::sql
