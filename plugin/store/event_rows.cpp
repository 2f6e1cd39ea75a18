#include "plugin/store/event_rows.hpp"

#include "plugin/store/columns.hpp"
#include "plugin/store/room_rows.hpp"

#include <algorithm>
#include <memory>
#include <queue>
#include <unordered_set>
#include <utility>

namespace causeway::store::sql {
namespace {

void number_events_in_blocks(connection& db) { number_in_blocks(db, events_by_id); }

constexpr schema_step steps_of_events[] = {{1, R"(
CREATE TABLE events(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  judged INTEGER NOT NULL,
  for_auth INTEGER NOT NULL,
  state_group_before INTEGER NOT NULL,
  state_group_after INTEGER NOT NULL,
  position INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  origin_server_ts INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  json TEXT NOT NULL);
CREATE TABLE events_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;
CREATE INDEX events_for_auth ON events(room) WHERE for_auth = 1;

CREATE TABLE state_groups(key INTEGER PRIMARY KEY, base INTEGER NOT NULL, entries BLOB NOT NULL);
)"},
                                           {3, "ALTER TABLE events ADD COLUMN redacted_by INTEGER NOT NULL DEFAULT 0;"},
                                           {15, "", &number_events_in_blocks}};

/// A row of state_groups behind its key: `room` and the id of the group, packed (keys.hpp).
struct state_group_row {
  std::int64_t base = 0;
  std::string_view entries; ///< see encode_entries
};
struct state_group_columns {
  using row = state_group_row;
  static void columns(auto& f, auto& x) {
    f.number("base", x.base);
    f.bytes("entries", x.entries);
  }
};

/// Events one answer to load_ancestors holds at most.
constexpr std::size_t ancestors_max = 10'000;

/// An event the walk may visit next; nearest, then newest on top.
struct candidate {
  std::int64_t nearness = 0; ///< minus the number of generations, where these count
  std::int64_t depth = 0, position = 0, seq = 0;
  auto operator<=>(const candidate&) const = default;
};

std::string select_event() { return "SELECT " + select_list<stored_event_columns>() + " FROM events WHERE seq = ?1"; }

} // namespace

schema_steps event_steps() { return steps_of_events; }

const matrix::room_version_rules& known_version(std::string_view room_version) {
  const auto* rules = matrix::find_room_version(room_version);
  if (!rules)
    throw error{failure::damage, "stored events of unknown room version \"" + std::string{room_version} + "\""};
  return *rules;
}

matrix::event_ptr parse_stored(const event_row& row, const matrix::room_version_rules& rules) {
  // What is stored was let in once: the counts were decided then.
  auto parsed = matrix::parse_event(row.json, rules, matrix::count_policy::unbounded);
  const auto stored = [&] { return "stored event " + std::string{row.event_id}; };
  if (!parsed) throw error{failure::damage, stored() + ": " + to_string(parsed.error())};
  if ((*parsed)->event_id != row.event_id) throw error{failure::damage, stored() + " hashes to " + (*parsed)->event_id};
  return *std::move(parsed);
}

stored_event read_event(const cursor& from, int first, const matrix::room_version_rules& rules, event_row& into) {
  read_row<stored_event_columns>(from, first, into);
  stored_event x;
  x.judged = into.judged;
  x.state_group_before = into.state_group_before;
  x.state_group_after = into.state_group_after;
  x.position = into.position;
  x.event = parse_stored(into, rules);
  return x;
}

// -- writing ----------------------------------------------------------------------------------------------------------

event_writes::event_writes(connection& db, names& known, const all_recent_ids& recent, room_writes& rooms)
    : names_(known), rooms_(rooms), ids_(db, events_by_id, recent.events, known.hasher()),
      insert_(db, insert_into<event_columns>("events", {"seq"})),
      update_(db, "UPDATE events SET " + assignments<event_place_columns>(2) + " WHERE seq = ?1"),
      redact_(db, "UPDATE events SET json = ?2, redacted_by = ?3 WHERE seq = ?1 AND redacted_by = 0"),
      restore_(db, "UPDATE events SET json = ?2 WHERE seq = ?1 AND redacted_by = 0"),
      put_group_(db, insert_or_update<state_group_columns>("state_groups", {"key"})),
      has_group_(db, "SELECT 1 FROM state_groups WHERE key = ?1") {}

void event_writes::apply(const put_event& x) {
  if (!x.event || !x.event->rules_) throw invalid_write{"put_event: no event"};
  const auto& event = *x.event;
  event_row row;
  row.room = names_.room(x.room_id, event.rules().id);
  row.judged = x.judged;
  row.for_auth = (event.is_state() && x.judged != verdict::rejected) || x.judged == verdict::outlier;
  row.state_group_before = x.state_group_before;
  row.state_group_after = x.state_group_after;
  row.position = x.position;
  row.reason = x.reason;
  const auto known = names_.find_event(event.event_id, row.room);
  rooms_.event_written(row.room, event.rules().id, known == 0);
  if (known) return write_row<event_place_columns>(update_, row, known);
  const auto json = event.to_json();
  row.depth = event.depth;
  row.origin_server_ts = event.origin_server_ts;
  row.event_id = event.event_id;
  row.json = json;
  const auto seq = ids_.next_row();
  write_row<event_columns>(insert_, row, seq);
  ids_.add(names_.hash(event.event_id), seq);
  names_.learn_event(event.event_id, row.room, seq);
}

void event_writes::apply(const put_state_group& x) {
  auto room = names_.room(x.room_id, "");
  if (x.id <= 0) throw invalid_write{"put_state_group: id " + std::to_string(x.id) + " is not positive"};
  // A delta on nothing would make the room unreadable for ever; better to lose this batch.
  if (x.base != 0 && (x.base == x.id || !has_group_.query(packed(room, x.base)).next()))
    throw invalid_write{"put_state_group: base " + std::to_string(x.base) + " of " + x.room_id + " is not stored"};
  const auto entries = encode_entries(x.entries);
  write_row<state_group_columns>(put_group_, {x.base, entries}, packed(room, x.id));
}

void event_writes::apply(const redact_event& x) {
  auto room = names_.room(x.room_id, "");
  auto target = names_.find_event(x.redacted->event_id, room),
       redaction = names_.find_event(x.redaction_event_id, room);
  if (target == 0 || redaction == 0)
    throw invalid_write{"redact_event: " + x.redacted->event_id + " or its redaction is not stored"};
  auto json = x.redacted->to_json();
  redact_.run(target, json, redaction);
}

void event_writes::apply(const restore_event& x) {
  auto target = names_.find_event(x.whole->event_id, names_.room(x.room_id, ""));
  if (target == 0) throw invalid_write{"restore_event: " + x.whole->event_id + " is not stored"};
  restore_.run(target, x.whole->to_json());
}

// -- reading ----------------------------------------------------------------------------------------------------------

event_reads::event_reads(connection& db, names& known)
    : names_(known), one_(db, select_event()), redaction_(db, select_event()),
      place_(db, "SELECT depth, position, judged FROM events WHERE seq = ?1"),
      for_auth_(db, "SELECT " + select_list<stored_event_columns>() +
                      " FROM events WHERE room = ?1 AND for_auth = 1 ORDER BY seq"),
      group_(db, "SELECT " + select_list<state_group_columns>() + " FROM state_groups WHERE key = ?1"),
      room_version_(db, "SELECT room_version FROM rooms WHERE room = ?1") {}

const matrix::room_version_rules& event_reads::rules_of(std::int64_t room) {
  auto rows = room_version_.query(room);
  return known_version(rows.next() ? rows.text(0) : std::string_view{});
}

stored_event event_reads::event(std::int64_t seq, std::int64_t room, std::size_t* json_bytes) {
  const auto& rules = rules_of(room);
  auto rows = one_.query(seq);
  if (!rows.next()) throw error{failure::damage, "stored event number " + std::to_string(seq) + " is gone"};
  event_row row;
  auto found = read_event(rows, 0, rules, row);
  if (json_bytes) *json_bytes = row.json.size();
  add_reason(found, row.redacted_by, rules);
  return found;
}

matrix::event_ptr event_reads::bare_event(std::int64_t seq) {
  auto rows = one_.query(seq);
  if (!rows.next()) return nullptr;
  event_row row;
  read_row<stored_event_columns>(rows, 0, row);
  return read_event(rows, 0, rules_of(row.room), row).event;
}

void event_reads::add_reason(stored_event& to, std::int64_t redacted_by, const matrix::room_version_rules& rules) {
  if (redacted_by == 0) return;
  auto rows = redaction_.query(redacted_by);
  if (!rows.next()) throw error{failure::damage, "stored redaction number " + std::to_string(redacted_by) + " is gone"};
  event_row row;
  to.event = matrix::redacted(*to.event, read_event(rows, 0, rules, row).event);
}

std::vector<stored_event> event_reads::for_auth(std::int64_t room) {
  std::vector<stored_event> events;
  const matrix::room_version_rules* rules = nullptr;
  for (auto rows = for_auth_.query(room); rows.next();) {
    if (!rules) rules = &rules_of(room);
    event_row row;
    events.push_back(read_event(rows, 0, *rules, row));
    add_reason(events.back(), row.redacted_by, *rules);
  }
  return events;
}

/// Walks the chain of deltas down to a whole state, or one already known, and applies them on the way up.
matrix::state_ptr event_reads::state(std::int64_t room, std::int64_t group, state_groups& known) {
  std::vector<std::string> deltas;
  std::unordered_set<std::int64_t> visited;
  auto whole = std::make_shared<matrix::state_map>();
  for (auto id = group; id != 0;) {
    if (auto at = known.find(id); at != known.end()) {
      *whole = *at->second;
      break;
    }
    auto rows = group_.query(packed(room, id));
    if (!rows.next()) throw error{failure::damage, "state group " + std::to_string(id) + " is missing"};
    if (!visited.insert(id).second)
      throw error{failure::damage, "state group " + std::to_string(id) + " is its own base"};
    const auto row = read_row<state_group_columns>(rows);
    deltas.emplace_back(row.entries);
    id = row.base;
  }
  for (auto entries = deltas.rbegin(); entries != deltas.rend(); ++entries)
    if (auto applied = apply_entries(*entries, *whole); !applied) throw error{failure::damage, applied.error().detail};
  return known[group] = std::move(whole);
}

void event_reads::add_states(std::int64_t room, const std::set<std::int64_t>& wanted, state_groups& to) {
  // Ascending: a later group is mostly a short delta on an earlier one.
  for (auto group : wanted)
    if (group != 0) state(room, group, to);
}

answer event_reads::on(const load_events& x) {
  events_loaded loaded;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  std::set<std::int64_t> groups;
  std::unordered_set<std::int64_t> seen;
  for (const auto& event_id : x.event_ids) {
    auto seq = names_.find_event(event_id, room);
    if (seq == 0 || !seen.insert(seq).second) continue;
    auto& found = loaded.events.emplace_back(event(seq, room));
    if (x.with_states) groups.insert({found.state_group_before, found.state_group_after});
  }
  add_states(room, groups, loaded.state_groups);
  return loaded;
}

answer event_reads::on(const load_ancestors& x) {
  events_loaded loaded;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  std::priority_queue<candidate> frontier;
  std::unordered_set<std::int64_t> seen, not_in_answer;
  // What is missing is asked for by the children: an old parent of a new event has to come before the newest of its
  // cousins.
  const bool by_generation = !x.include_from;
  auto consider = [&](const std::string& event_id, std::int64_t nearness) {
    auto seq = names_.find_event(event_id, room);
    if (seq == 0 || !seen.insert(seq).second) return;
    auto rows = place_.query(seq);
    // An outlier has no place in the graph, so nothing is before it.
    if (!rows.next() || static_cast<verdict>(rows.integer(2)) == verdict::outlier || rows.integer(0) < x.min_depth)
      return;
    frontier.push({nearness, rows.integer(0), rows.integer(1), seq});
  };
  for (const auto& event_id : x.stop_at)
    if (auto seq = names_.find_event(event_id, room)) seen.insert(seq);
  for (const auto& event_id : x.from) {
    if (!x.include_from)
      if (auto seq = names_.find_event(event_id, room)) not_in_answer.insert(seq);
    consider(event_id, 0);
  }
  std::set<std::int64_t> groups;
  auto limit = std::min(x.limit, ancestors_max);
  std::size_t bytes = 0;
  while (!frontier.empty() && loaded.events.size() < limit) {
    const auto nearness = frontier.top().nearness - (by_generation ? 1 : 0);
    auto seq = frontier.top().seq;
    frontier.pop();
    std::size_t json_bytes = 0;
    auto visited = event(seq, room, &json_bytes);
    for (const auto& parent : visited.event->prev_events) consider(parent, nearness);
    if (not_in_answer.contains(seq)) continue;
    bytes += json_bytes;
    if (bytes > x.bytes_max && !loaded.events.empty()) break;
    groups.insert(visited.state_group_before);
    loaded.events.push_back(std::move(visited));
  }
  add_states(room, groups, loaded.state_groups);
  return loaded;
}

answer event_reads::on(const find_event& x) {
  events_loaded loaded;
  auto seq = names_.find_event(x.event_id);
  if (seq == 0) return loaded;
  std::int64_t room = 0;
  if (auto rows = one_.query(seq); rows.next()) room = read_row<stored_event_columns>(rows).room;
  if (room != 0) loaded.events.push_back(event(seq, room));
  return loaded;
}

} // namespace causeway::store::sql
