#include "plugin/store/relation_rows.hpp"

#include "plugin/store/binding_rows.hpp"
#include "plugin/store/columns.hpp"
#include "plugin/store/event_rows.hpp"

namespace causeway::store::sql {
namespace {

constexpr schema_step steps_of_relations[] = {{9, R"(
CREATE TABLE relations(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  target_event_id TEXT NOT NULL,
  rel_type TEXT NOT NULL,
  sender TEXT NOT NULL,
  key TEXT NOT NULL,
  ts INTEGER NOT NULL,
  standing INTEGER NOT NULL,
  historical INTEGER NOT NULL,
  UNIQUE(room, event_id));
CREATE INDEX relations_of ON relations(room, target_event_id, sender);
CREATE INDEX relations_open ON relations(room) WHERE standing IN (0, 4);
)"}};

static_assert(static_cast<int>(relation_standing::waits) == 0 && static_cast<int>(relation_standing::counts) == 1 &&
              static_cast<int>(relation_standing::taken_back) == 4);

/// What one user has said to a message, as far as it counts or waits.
constexpr const char* of_user =
  "SELECT event_id FROM relations WHERE room = ?1 AND target_event_id = ?2 AND sender = ?3 AND standing IN (0, 1)";

} // namespace

schema_steps relation_steps() { return steps_of_relations; }

relation_writes::relation_writes(connection& db, names& known)
    : names_(known), put_(db, insert_or_update<relation_columns>("relations", {"room", "event_id"})),
      remove_(db, "DELETE FROM relations WHERE room = ?1 AND event_id = ?2"),
      remove_to_(db, "DELETE FROM relations WHERE room = ?1 AND target_event_id = ?2") {}

void relation_writes::apply(const put_relation& x) {
  write_row<relation_columns>(put_, x, names_.room(x.room_id, ""), x.event_id);
}

void relation_writes::apply(const remove_relation& x) {
  if (const auto room = names_.find_room(x.room_id)) remove_.run(room, x.event_id);
}

void relation_writes::apply(const remove_relations_to& x) {
  if (const auto room = names_.find_room(x.room_id)) remove_to_.run(room, x.target_event_id);
}

relation_reads::relation_reads(connection& db, names& known, event_reads& events, binding_reads& bindings)
    : names_(known), events_(events), bindings_(bindings),
      one_(db, "SELECT " + select_list<relation_columns>() + " FROM relations WHERE room = ?1 AND event_id = ?2"),
      open_(db, "SELECT event_id, " + select_list<relation_columns>() +
                  " FROM relations WHERE room = ?1 AND standing IN (0, 4) ORDER BY seq"),
      latest_edits_(db, std::string{of_user} + " AND rel_type = 'm.replace' ORDER BY ts DESC, event_id DESC LIMIT 2"),
      reaction_(db, std::string{of_user} + " AND rel_type = 'm.annotation' AND key = ?4 ORDER BY seq LIMIT 1") {}

answer relation_reads::on(const load_relations& x) {
  relations_loaded loaded;
  const auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  const auto event_of = [&](const std::string& event_id) -> std::optional<stored_event> {
    const auto seq = names_.find_event(event_id, room);
    if (seq == 0) return {};
    return events_.event(seq, room);
  };
  const auto next_of = [](cursor& rows) { return rows.next() ? rows.string(0) : std::string{}; };
  loaded.target = event_of(x.target_event_id);
  if (loaded.target) loaded.chat_message_id = bindings_.find(x.room_id, x.target_event_id).chat_message_id;
  if (const auto relation = event_of(x.relation_event_id)) loaded.relation = relation->event;
  auto edits = latest_edits_.query(room, x.target_event_id, x.sender);
  for (auto* edit : {&loaded.latest_edit, &loaded.edit_before})
    if (const auto found = event_of(next_of(edits))) *edit = found->event;
  auto reactions = reaction_.query(room, x.target_event_id, x.sender, x.key);
  loaded.reaction = event_of(next_of(reactions));
  return loaded;
}

std::optional<put_relation> relation_reads::of(std::int64_t room, const std::string& room_id,
                                               const std::string& event_id) {
  auto rows = one_.query(room, event_id);
  if (!rows.next()) return {};
  auto found = read_row<relation_columns>(rows);
  found.room_id = room_id;
  found.event_id = event_id;
  return found;
}

std::vector<put_relation> relation_reads::open_in(std::int64_t room, const std::string& room_id) {
  std::vector<put_relation> open;
  for (auto rows = open_.query(room); rows.next();) {
    auto& one = open.emplace_back(read_row<relation_columns>(rows, 1));
    one.room_id = room_id;
    one.event_id = rows.string(0);
  }
  return open;
}

} // namespace causeway::store::sql
