#pragma once
#include "messages/store.hpp"
#include "plugin/store/id_writer.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Events and the states around them (tables `events`, `events_ids`, `state_groups`).
namespace causeway::store::sql {

class room_writes;

schema_steps event_steps();

/// Texts are views: of what is written, or of the row that is read while its cursor stands.
struct event_row {
  std::int64_t room = 0;
  verdict judged = verdict::accepted;
  /// What a room is loaded with: its state events and outliers. A rejected event is part of no state; whoever cites it
  /// has it read.
  bool for_auth = false;
  std::int64_t state_group_before = 0, state_group_after = 0, position = 0;
  std::int64_t depth = 0, origin_server_ts = 0;
  std::string_view event_id, reason, json;
  std::int64_t redacted_by = 0; ///< number of the redaction's row; 0: it is whole
};
/// What a later verdict changes.
struct event_place_columns {
  using row = event_row;
  static void columns(auto& f, auto& x) {
    f.number("judged", x.judged);
    f.number("for_auth", x.for_auth);
    f.number("state_group_before", x.state_group_before);
    f.number("state_group_after", x.state_group_after);
    f.number("position", x.position);
    f.text("reason", x.reason);
  }
};
/// Behind the key `seq`, as a new event is written.
struct event_columns {
  using row = event_row;
  static void columns(auto& f, auto& x) {
    event_place_columns::columns(f, x);
    f.number("room", x.room);
    f.number("depth", x.depth);
    f.number("origin_server_ts", x.origin_server_ts);
    f.text("event_id", x.event_id);
    f.text("json", x.json);
  }
};
/// As an event is read.
struct stored_event_columns {
  using row = event_row;
  static void columns(auto& f, auto& x) {
    event_columns::columns(f, x);
    f.number("redacted_by", x.redacted_by);
  }
};

class event_writes {
public:
  /// @param recent  filled with what the index on disk does not have yet
  /// @throws error
  event_writes(connection& db, names& known, const all_recent_ids& recent, room_writes& rooms);
  void apply(const put_event& x);
  void apply(const put_state_group& x);
  void apply(const redact_event& x);
  void apply(const restore_event& x);

  /// Events have a number each; what has its place among them takes one of these.
  id_writer& numbers() { return ids_; }

  void begin() { ids_.begin(); }
  void taken() { ids_.taken(); }
  void flush() { ids_.flush(); }
  void committed() { ids_.committed(); }
  void rolled_back() { ids_.rolled_back(); }

private:
  names& names_;
  room_writes& rooms_;
  id_writer ids_;
  statement insert_, update_, redact_, restore_, put_group_, has_group_;
};

class event_reads {
public:
  using state_groups = std::map<std::int64_t, matrix::state_ptr>;

  /// @throws error
  event_reads(connection& db, names& known);
  answer on(const load_events& x);
  answer on(const load_ancestors& x);
  answer on(const find_event& x);

  /// An event of that room with the reason of its redaction, by the number of its row.
  /// @param json_bytes  told, unless null, how long the event is in the store
  stored_event event(std::int64_t seq, std::int64_t room, std::size_t* json_bytes = nullptr);
  /// The event alone; null: there is none of that number.
  matrix::event_ptr bare_event(std::int64_t seq);
  /// What a room is loaded with.
  std::vector<stored_event> for_auth(std::int64_t room);
  void add_states(std::int64_t room, const std::set<std::int64_t>& wanted, state_groups& to);

private:
  const matrix::room_version_rules& rules_of(std::int64_t room);
  /// Tells a redacted event by what.
  void add_reason(stored_event& to, std::int64_t redacted_by, const matrix::room_version_rules& rules);
  matrix::state_ptr state(std::int64_t room, std::int64_t group, state_groups& known);

  names& names_;
  statement one_, redaction_, place_, for_auth_, group_, room_version_;
};

/// The event in columns from `first` on, which are `stored_event_columns`.
/// @param into  gets the row
/// @throws error  the JSON is damaged
stored_event read_event(const cursor& from, int first, const matrix::room_version_rules& rules, event_row& into);
/// The event of a row. @throws error  the JSON is damaged
matrix::event_ptr parse_stored(const event_row& row, const matrix::room_version_rules& rules);
/// @throws error when the store has events of a version this build does not know
const matrix::room_version_rules& known_version(std::string_view room_version);

} // namespace causeway::store::sql
