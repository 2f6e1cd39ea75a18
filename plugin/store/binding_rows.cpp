#include "plugin/store/binding_rows.hpp"

#include "plugin/store/columns.hpp"

namespace causeway::store::sql {
namespace {

void number_bindings_in_blocks(connection& db) { number_in_blocks(db, bindings_by_event); }

constexpr schema_step steps_of_bindings[] = {{1, R"(
CREATE TABLE bindings(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  chat_message_id TEXT NOT NULL);
CREATE TABLE binding_events_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;
CREATE TABLE binding_chats_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;
)"},
                                             {10, R"(
CREATE TABLE former_names(
  room INTEGER NOT NULL,
  name TEXT NOT NULL,
  event_id TEXT NOT NULL,
  PRIMARY KEY(room, name)) WITHOUT ROWID;
CREATE INDEX former_names_by_event ON former_names(room, event_id);
)"},
                                             {15, "", &number_bindings_in_blocks}};

std::string select_binding() { return "SELECT " + select_list<binding_columns>() + " FROM bindings WHERE seq = ?1"; }

} // namespace

schema_steps binding_steps() { return steps_of_bindings; }

binding_writes::binding_writes(connection& db, names& known, const all_recent_ids& recent)
    : names_(known), by_event_(db, bindings_by_event, recent.binding_events, known.hasher()),
      by_chat_(db, bindings_by_chat, recent.binding_chats, known.hasher()), one_(db, select_binding()),
      insert_(db, insert_into<binding_columns>("bindings", {"seq"})),
      // Emptied, not deleted: the number of its row must not come again.
      clear_(db, "UPDATE bindings SET event_id = '', chat_message_id = '' WHERE seq = ?1"),
      put_former_(db, "INSERT INTO former_names(room, name, event_id) VALUES(?1, ?2, ?3)"
                      " ON CONFLICT(room, name) DO UPDATE SET event_id = excluded.event_id"),
      pass_on_(db, "INSERT INTO former_names(room, name, event_id)"
                   " SELECT ?1, name, ?2 FROM former_names WHERE room = ?3 AND event_id = ?4"
                   " ON CONFLICT(room, name) DO UPDATE SET event_id = excluded.event_id") {}

void binding_writes::apply(const bind_message& x) {
  auto room = names_.room(x.room_id, "");
  auto event_hash = names_.hash(x.event_id);
  std::int64_t former = 0;
  for (auto seq : names_.binding_events.rows(event_hash)) {
    auto rows = one_.query(seq);
    if (!rows.next()) continue;
    const auto row = read_row<binding_columns>(rows);
    if (row.event_id != x.event_id || row.room != room) continue;
    if (row.chat_message_id == x.chat_message_id) return;
    former = seq;
  }
  if (former) clear_.run(former);
  auto seq = by_event_.next_row();
  by_event_.add(event_hash, seq);
  by_chat_.add(names_.hash(x.chat_message_id), seq);
  write_row<binding_columns>(insert_, {room, x.event_id, x.chat_message_id}, seq);
}

void binding_writes::apply(const put_former_name& x) {
  const auto room = names_.room(x.room_id, ""), former_room = names_.room(x.former_room_id, "");
  put_former_.run(room, x.former_event_id, x.event_id);
  pass_on_.run(room, x.event_id, former_room, x.former_event_id);
  std::string own;
  for (auto seq : names_.binding_events.rows(names_.hash(x.former_event_id))) {
    auto rows = one_.query(seq);
    if (!rows.next()) continue;
    auto row = read_row<binding_columns>(rows);
    if (row.event_id == x.former_event_id && row.room == former_room) own = std::move(row.chat_message_id);
  }
  // What the chat server knows by its event id alone it goes on knowing by that.
  apply(bind_message{x.room_id, own.empty() ? x.former_event_id : own, x.event_id});
}

void binding_writes::begin() {
  by_event_.begin();
  by_chat_.begin();
}

void binding_writes::taken() {
  by_event_.taken();
  by_chat_.taken();
}

void binding_writes::flush() {
  by_event_.flush();
  by_chat_.flush();
}

void binding_writes::committed() {
  by_event_.committed();
  by_chat_.committed();
}

void binding_writes::rolled_back() {
  by_event_.rolled_back();
  by_chat_.rolled_back();
}

binding_reads::binding_reads(connection& db, names& known)
    : names_(known), one_(db, select_binding()),
      former_(db, "SELECT event_id FROM former_names WHERE room = ?1 AND name = ?2"),
      former_anywhere_(db, "SELECT event_id, room FROM former_names WHERE name = ?1 ORDER BY room DESC LIMIT 1"),
      room_id_(db, "SELECT room_id FROM rooms WHERE room = ?1") {}

answer binding_reads::on(const find_message& x) {
  return x.room_id.empty() ? find_anywhere(x.either_id) : find(x.room_id, x.either_id);
}

message_found binding_reads::find_anywhere(const std::string& either_id) {
  message_found latest;
  std::int64_t at = 0, room = 0;
  auto hashed = names_.hash(either_id);
  for (auto* index : {&names_.binding_events, &names_.binding_chats})
    for (auto seq : index->rows(hashed)) {
      auto rows = one_.query(seq);
      if (seq <= at || !rows.next()) continue;
      auto row = read_row<binding_columns>(rows);
      const auto& named = index == &names_.binding_events ? row.event_id : row.chat_message_id;
      if (named != either_id) continue;
      at = seq;
      room = row.room;
      latest = {std::move(row.chat_message_id), std::move(row.event_id)};
    }
  if (room == 0 && either_id.starts_with('$'))
    if (auto rows = former_anywhere_.query(either_id); rows.next()) {
      latest.event_id = rows.string(0);
      room = rows.integer(1);
    }
  if (auto rows = room_id_.query(room); rows.next()) latest.room_id = rows.string(0);
  return latest;
}

message_found binding_reads::find(const std::string& room_id, const std::string& either_id) {
  auto room = names_.find_room(room_id);
  if (room == 0) return {};
  auto hashed = names_.hash(either_id);
  for (auto* index : {&names_.binding_events, &names_.binding_chats})
    for (auto seq : index->rows(hashed)) {
      auto rows = one_.query(seq);
      if (!rows.next()) continue;
      auto row = read_row<binding_columns>(rows);
      const auto& named = index == &names_.binding_events ? row.event_id : row.chat_message_id;
      if (named == either_id && row.room == room) return {std::move(row.chat_message_id), std::move(row.event_id)};
    }
  if (!either_id.starts_with('$')) return {};
  auto rows = former_.query(room, either_id);
  return rows.next() ? message_found{{}, rows.string(0)} : message_found{};
}

} // namespace causeway::store::sql
