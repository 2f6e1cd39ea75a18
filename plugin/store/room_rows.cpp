#include "plugin/store/room_rows.hpp"

#include "messages/matrix/json.hpp"
#include "plugin/store/columns.hpp"
#include "plugin/store/event_rows.hpp"
#include "plugin/store/fan_out_rows.hpp"
#include "plugin/store/inbox_rows.hpp"
#include "plugin/store/invitation_rows.hpp"
#include "plugin/store/redaction_rows.hpp"
#include "plugin/store/relation_rows.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace causeway::store::sql {
namespace {

/// An empty list in a column.
constexpr const char* empty_list = "x'90'";

/// Version 7 had the events as words between blanks.
void convert_history(connection& db) {
  std::vector<std::pair<std::int64_t, std::string>> lists;
  {
    statement select{db, "SELECT room, history_from_7 FROM rooms WHERE history_from_7 <> ''"};
    for (auto rows = select.query(); rows.next();)
      lists.emplace_back(rows.integer(0), encode_strings(words_of(rows.text(1))));
  }
  statement put{db, "UPDATE rooms SET history_from = ?2 WHERE room = ?1"};
  for (const auto& [room, list] : lists) put.run(room, blob{list});
  db.execute("ALTER TABLE rooms DROP COLUMN history_from_7");
}

constexpr schema_step steps_of_rooms[] = {{1, R"(
CREATE TABLE rooms(
  room INTEGER PRIMARY KEY,
  room_id TEXT NOT NULL UNIQUE,
  room_version TEXT NOT NULL,
  known INTEGER NOT NULL DEFAULT 0,
  phase INTEGER NOT NULL DEFAULT 0,
  chat_room_id TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL DEFAULT '',
  federated INTEGER NOT NULL DEFAULT 1,
  forward_extremities BLOB NOT NULL DEFAULT x'90',
  state_group INTEGER NOT NULL DEFAULT 0,
  last_position INTEGER NOT NULL DEFAULT 0,
  first_position INTEGER NOT NULL DEFAULT 0,
  last_state_group INTEGER NOT NULL DEFAULT 0,
  history_from TEXT NOT NULL DEFAULT '',
  events INTEGER NOT NULL DEFAULT 0);
)"},
                                          {2, "ALTER TABLE rooms ADD COLUMN listing TEXT NOT NULL DEFAULT '';"},
                                          {3, "ALTER TABLE rooms ADD COLUMN members_omitted TEXT NOT NULL DEFAULT '';"},
                                          {5, R"(
CREATE INDEX rooms_by_chat_id ON rooms(chat_room_id) WHERE chat_room_id <> '';
)"},
                                          {8, R"(
ALTER TABLE rooms RENAME COLUMN history_from TO history_from_7;
ALTER TABLE rooms ADD COLUMN history_from BLOB NOT NULL DEFAULT x'90';
)",
                                           &convert_history},
                                          {10, R"(
ALTER TABLE rooms ADD COLUMN successor TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN succession TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN refounded_from TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN refounded_as TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN founding TEXT NOT NULL DEFAULT '';
)"}};

/// A room for the operator.
struct summary_row {
  room_summary summary;
  std::vector<std::string> extremities;
};
struct summary_columns {
  using row = summary_row;
  static void columns(auto& f, auto& x) {
    f.text("room_id", x.summary.room_id);
    f.text("chat_room_id", x.summary.chat_room_id);
    f.text("room_version", x.summary.room_version);
    f.text("type", x.summary.type);
    f.number("phase", x.summary.phase);
    f.number("events", x.summary.events);
    f.list("forward_extremities", x.extremities);
    f.number("staged", x.summary.staged);
  }
};
struct directory_columns {
  using row = directory_loaded::room;
  static void columns(auto& f, auto& x) {
    f.text("room_id", x.room_id);
    f.text("chat_room_id", x.chat_room_id);
    f.text("room_version", x.room_version);
    f.number("phase", x.phase);
    f.number("has_inbox", x.has_inbox);
    f.text("listing", x.listing); // a document of the room actor
    f.text("refounded_as", x.refounded_as);
  }
};

/// @param which  condition for those that are wanted
std::string select_summaries(std::string_view which) {
  static_assert(static_cast<int>(room_phase::joining) == 1, "the statement spells it out");
  return "SELECT " + select_list<summary_columns>() +
         " FROM (SELECT *, (SELECT count(*) FROM inbox WHERE inbox.room = rooms.room) AS staged FROM rooms"
         " WHERE known = 1" +
         std::string{which} + ") AS listed ORDER BY staged = 0 AND phase <> 1, staged DESC, room LIMIT ?1";
}

/// A room has work left when events are staged, history or members of a join are still to be fetched, an upgrade is
/// under way, a redaction has not met its target, its successor has not taken everything over, or an event is still to
/// be queued for further servers.
std::string select_directory() {
  static_assert(static_cast<int>(room_phase::joined) == 0, "the statement spells it out");
  const auto bits = std::to_string(packed_low_bits);
  return "SELECT " + select_list<directory_columns>() +
         " FROM (SELECT *, EXISTS(SELECT 1 FROM inbox WHERE inbox.room = rooms.room)"
         " OR (phase = 0 AND (history_from <> " +
         empty_list +
         " OR members_omitted <> '' OR succession <> '' OR founding <> ''))"
         " OR EXISTS(SELECT 1 FROM held_redactions h WHERE h.room = rooms.room AND h.looked_up = 0)"
         " OR EXISTS(SELECT 1 FROM relations r WHERE r.room = rooms.room AND r.standing IN (0, 4))"
         " OR EXISTS(SELECT 1 FROM fan_outs f WHERE f.key BETWEEN rooms.room << " +
         bits + " AND (rooms.room << " + bits + ") + " + std::to_string(packed_low_max) +
         ") AS has_inbox"
         " FROM rooms WHERE known = 1 OR chat_room_id <> '') AS listed ORDER BY room";
}

/// Whether a listing (a document of the room actor) names the server.
bool names_server(std::string_view listing, const std::string& server) {
  const auto document = matrix::json::parse(listing);
  const auto* servers = document ? document->find_array("servers") : nullptr;
  return servers && std::any_of(servers->begin(), servers->end(), [&](const matrix::json::value& x) {
           const auto* name = x.as_string();
           return name && *name == server;
         });
}

} // namespace

schema_steps room_steps() { return steps_of_rooms; }

// -- writing ----------------------------------------------------------------------------------------------------------

room_writes::room_writes(connection& db, names& known)
    : names_(known),
      update_(db, "UPDATE rooms SET known = 1, room_version = CASE ?2 WHEN '' THEN room_version ELSE ?2 END,"
                  " chat_room_id = CASE ?3 WHEN '' THEN chat_room_id ELSE ?3 END, events = events + ?4, " +
                    assignments<room_head_columns>(5) + " WHERE room = ?1"),
      count_events_(db, "UPDATE rooms SET events = events + ?2, room_version = CASE room_version WHEN '' THEN ?3"
                        " ELSE room_version END WHERE room = ?1"),
      bind_(db, "UPDATE rooms SET chat_room_id = ?2 WHERE room = ?1 AND NOT EXISTS(SELECT 1 FROM rooms AS other"
                " WHERE other.chat_room_id = ?2 AND other.chat_room_id <> '' AND other.room <> ?1)"),
      put_listing_(db, "UPDATE rooms SET listing = ?2 WHERE room = ?1") {}

void room_writes::apply(const put_room& x) { changes_[names_.room(x.room_id, x.room_version)].head = &x; }

void room_writes::apply(const put_room_listing& x) { put_listing_.run(names_.room(x.room_id, ""), x.listing); }

void room_writes::apply(const bind_room& x) { bind_.run(names_.room(x.room_id, ""), x.chat_room_id); }

void room_writes::event_written(std::int64_t room, std::string_view room_version, bool is_new) {
  auto& changed = changes_[room];
  changed.room_version = room_version;
  changed.new_events += is_new ? 1 : 0;
}

void room_writes::flush() {
  for (const auto& [room, changed] : changes_) {
    if (!changed.head) {
      count_events_.run(room, changed.new_events, changed.room_version);
      continue;
    }
    const auto& head = *changed.head;
    write_row<room_head_columns>(update_, head, room,
                                 head.room_version.empty() ? changed.room_version : std::string_view{head.room_version},
                                 head.chat_room_id, changed.new_events);
  }
}

// -- reading ----------------------------------------------------------------------------------------------------------

room_reads::room_reads(connection& db, names& known, const parts& with)
    : names_(known), with_(with), head_(db, "SELECT known, room_version, chat_room_id, " +
                                              select_list<room_head_columns>() + " FROM rooms WHERE room = ?1"),
      chat_room_id_(db, "SELECT chat_room_id FROM rooms WHERE room = ?1"), all_(db, select_summaries("")),
      named_(db, select_summaries(" AND room IN (SELECT room FROM rooms WHERE room_id = ?2 UNION ALL"
                                  " SELECT room FROM rooms WHERE chat_room_id = ?2 AND chat_room_id <> '')")),
      directory_(db, select_directory()), known_(db, "SELECT room_id FROM rooms WHERE known = 1"),
      shared_(db, "SELECT room_id, chat_room_id, listing FROM rooms WHERE known = 1 AND phase = 0"
                  " AND listing LIKE ?1 ORDER BY room") {}

answer room_reads::on(const load_room& x) {
  room_loaded loaded;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  {
    auto rows = head_.query(room);
    if (!rows.next()) return loaded;
    loaded.exists = rows.integer(0) != 0;
    loaded.room.room_id = x.room_id;
    loaded.room.room_version = rows.string(1);
    loaded.room.chat_room_id = rows.string(2);
    read_row<room_head_columns>(rows, 3, loaded.room);
  }
  loaded.state_events = with_.events.for_auth(room);
  std::set<std::int64_t> groups{loaded.room.state_group};
  for (const auto& event_id : loaded.room.forward_extremities) {
    auto seq = names_.find_event(event_id, room);
    if (seq == 0) continue;
    auto& extremity = loaded.extremities.emplace_back(with_.events.event(seq, room));
    groups.insert({extremity.state_group_before, extremity.state_group_after});
  }
  with_.events.add_states(room, groups, loaded.state_groups);
  loaded.inbox = with_.inbox.of_room(room, x.room_id);
  loaded.invitations = with_.invitations.of_room(room);
  loaded.held_redactions = with_.redactions.held_in(room, x.room_id);
  loaded.open_relations = with_.relations.open_in(room, x.room_id);
  loaded.fan_outs = with_.fan_outs.of_room(room, x.room_id);
  return loaded;
}

answer room_reads::on(const find_shared_rooms& x) {
  shared_rooms_found found;
  const auto limit = std::min(x.limit, rows_max);
  // A listing that does not hold the name anywhere need not be read as JSON.
  const auto somewhere = "%\"" + x.server_name + "\"%";
  for (auto rows = shared_.query(somewhere); rows.next();) {
    if (!names_server(rows.text(2), x.server_name)) continue;
    ++found.total;
    if (found.rooms.size() < limit) found.rooms.push_back({rows.string(0), rows.string(1)});
  }
  return found;
}

answer room_reads::on(const list_rooms& x) {
  rooms_listed listed;
  const auto limit = std::min(x.limit, rows_max);
  auto rows = x.name.empty() ? all_.query(limit) : named_.query(limit, x.name);
  while (rows.next()) {
    auto row = read_row<summary_columns>(rows);
    row.summary.extremities = static_cast<std::int64_t>(row.extremities.size());
    listed.rooms.push_back(std::move(row.summary));
  }
  return listed;
}

std::string room_reads::chat_room_id(const std::string& room_id) {
  auto rows = chat_room_id_.query(names_.find_room(room_id));
  return rows.next() ? rows.string(0) : std::string{};
}

std::vector<directory_loaded::room> room_reads::directory() {
  std::vector<directory_loaded::room> rooms;
  for (auto rows = directory_.query(); rows.next();) rooms.push_back(read_row<directory_columns>(rows));
  return rooms;
}

std::vector<std::string> room_reads::known() {
  std::vector<std::string> ids;
  for (auto rows = known_.query(); rows.next();) ids.push_back(rows.string(0));
  return ids;
}

} // namespace causeway::store::sql
