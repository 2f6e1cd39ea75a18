#include "plugin/store/redaction_rows.hpp"

#include "plugin/store/binding_rows.hpp"
#include "plugin/store/columns.hpp"
#include "plugin/store/event_rows.hpp"
#include "plugin/store/relation_rows.hpp"

namespace causeway::store::sql {
namespace {

constexpr schema_step steps_of_redactions[] = {{3, R"(
CREATE TABLE held_redactions(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  redaction_event_id TEXT NOT NULL,
  target_event_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  by_power INTEGER NOT NULL,
  looked_up INTEGER NOT NULL,
  UNIQUE(room, redaction_event_id));
CREATE INDEX held_redactions_new ON held_redactions(room) WHERE looked_up = 0;
)"}};

} // namespace

schema_steps redaction_steps() { return steps_of_redactions; }

redaction_writes::redaction_writes(connection& db, names& known)
    : names_(known), hold_(db, insert_into<held_redaction_columns>("held_redactions", {"room", "redaction_event_id"}) +
                                 " ON CONFLICT(room, redaction_event_id) DO UPDATE SET looked_up = excluded.looked_up"),
      drop_(db, "DELETE FROM held_redactions WHERE room = ?1 AND redaction_event_id = ?2") {}

void redaction_writes::apply(const hold_redaction& x) {
  write_row<held_redaction_columns>(hold_, x, names_.room(x.room_id, ""), x.redaction_event_id);
}

void redaction_writes::apply(const drop_held_redaction& x) {
  if (auto room = names_.find_room(x.room_id)) drop_.run(room, x.redaction_event_id);
}

redaction_reads::redaction_reads(connection& db, names& known, const parts& with)
    : names_(known), with_(with), of_room_(db, "SELECT redaction_event_id, " + select_list<held_redaction_columns>() +
                                                 " FROM held_redactions WHERE room = ?1 ORDER BY seq") {}

answer redaction_reads::on(const load_redaction& x) {
  redaction_loaded loaded;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  if (auto seq = names_.find_event(x.redaction_event_id, room)) loaded.redaction = with_.events.event(seq, room).event;
  if (auto seq = names_.find_event(x.target_event_id, room)) loaded.target = with_.events.event(seq, room);
  if (loaded.target) {
    loaded.chat_message_id = with_.bindings.find(x.room_id, x.target_event_id).chat_message_id;
    loaded.relation = with_.relations.of(room, x.room_id, x.target_event_id);
  }
  return loaded;
}

std::vector<hold_redaction> redaction_reads::held_in(std::int64_t room, const std::string& room_id) {
  std::vector<hold_redaction> held;
  for (auto rows = of_room_.query(room); rows.next();) {
    auto& one = held.emplace_back(read_row<held_redaction_columns>(rows, 1));
    one.room_id = room_id;
    one.redaction_event_id = rows.string(0);
  }
  return held;
}

} // namespace causeway::store::sql
