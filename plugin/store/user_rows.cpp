#include "plugin/store/user_rows.hpp"

#include "plugin/store/columns.hpp"

#include <algorithm>

namespace causeway::store::sql {
namespace {

/// Version 10 did not say which rooms a user has been in. Only SQLite ever had stores of that version.
void note_member_rooms(connection& db) {
  if (db.integer("SELECT EXISTS(SELECT 1 FROM events)") == 0) return;
  db.execute("INSERT OR IGNORE INTO member_rooms(user_id, room)"
             " SELECT json_extract(json, '$.state_key'), room FROM events"
             " WHERE for_auth = 1 AND json_extract(json, '$.type') = 'm.room.member'"
             " AND json_extract(json, '$.state_key') IN (SELECT user_id FROM users)");
}

constexpr schema_step steps_of_users[] = {{1, R"(
CREATE TABLE users(
  seq INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL UNIQUE,
  chat_name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  avatar_url TEXT NOT NULL);
)"},
                                          {11, R"(
ALTER TABLE users ADD COLUMN may_federate INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN invites INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN deactivated_ts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN update_due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN fields TEXT NOT NULL DEFAULT '';
CREATE TABLE member_rooms(user_id TEXT NOT NULL, room INTEGER NOT NULL, PRIMARY KEY(user_id, room)) WITHOUT ROWID;
)",
                                           &note_member_rooms}};

} // namespace

schema_steps user_steps() { return steps_of_users; }

user_writes::user_writes(connection& db, names& known)
    : names_(known), put_(db, insert_or_update<user_columns>("users", {"user_id"})),
      put_room_(db, "INSERT INTO member_rooms(user_id, room) VALUES(?1, ?2) ON CONFLICT DO NOTHING") {}

void user_writes::apply(const put_user& x) { write_row<user_columns>(put_, x, x.user_id); }

void user_writes::apply(const put_member_room& x) { put_room_.run(x.user_id, names_.room(x.room_id, "")); }

user_reads::user_reads(connection& db)
    : one_(db, "SELECT " + select_list<user_columns>() + " FROM users WHERE user_id = ?1"),
      all_(db, "SELECT user_id, " + select_list<user_columns>() + " FROM users ORDER BY seq"),
      rooms_(db, "SELECT m.room, r.room_id FROM member_rooms m JOIN rooms r ON r.room = m.room"
                 " WHERE m.user_id = ?1 AND m.room > ?2 ORDER BY m.room LIMIT ?3") {}

answer user_reads::on(const find_user& x) {
  user_found found;
  auto rows = one_.query(x.user_id);
  if (!rows.next()) return found;
  found.user = read_row<user_columns>(rows);
  found.user->user_id = x.user_id;
  return found;
}

answer user_reads::on(const find_member_rooms& x) {
  member_rooms_found found;
  const auto limit = std::min(x.limit, rows_max);
  std::int64_t last = 0;
  for (auto rows = rooms_.query(x.user_id, x.after, limit); rows.next();) {
    last = rows.integer(0);
    found.room_ids.push_back(rows.string(1));
  }
  if (found.room_ids.size() == limit) found.next = last;
  return found;
}

std::vector<put_user> user_reads::all() {
  std::vector<put_user> users;
  auto rows = all_.query();
  while (rows.next()) {
    auto& user = users.emplace_back(read_row<user_columns>(rows, 1));
    user.user_id = rows.string(0);
  }
  return users;
}

} // namespace causeway::store::sql
