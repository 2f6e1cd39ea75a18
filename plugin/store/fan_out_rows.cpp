#include "plugin/store/fan_out_rows.hpp"

#include "plugin/store/binding_rows.hpp"
#include "plugin/store/columns.hpp"
#include "plugin/store/event_rows.hpp"

#include <iterator>
#include <utility>

namespace causeway::store::sql {
namespace {

constexpr schema_step steps_of_fan_outs[] = {{14, R"(
CREATE TABLE fan_outs(key INTEGER PRIMARY KEY, event INTEGER NOT NULL, servers BLOB NOT NULL);
)"}};

} // namespace

schema_steps fan_out_steps() { return steps_of_fan_outs; }

// -- writing ----------------------------------------------------------------------------------------------------------

fan_out_writes::fan_out_writes(connection& db, names& known)
    : names_(known), insert_(db, insert_into<fan_out_columns>("fan_outs", {"key"})),
      delete_(db, "DELETE FROM fan_outs WHERE key = ?1") {}

void fan_out_writes::apply(const put_fan_out& x) {
  const auto event = names_.find_event(x.event_id);
  if (event == 0) throw invalid_write{"put_fan_out: event " + x.event_id + " is not stored"};
  write_row<fan_out_columns>(insert_, fan_out_row{event, x.servers}, packed(names_.room(x.room_id, ""), x.number));
}

void fan_out_writes::apply(const remove_fan_out& x) {
  if (const auto room = names_.find_room(x.room_id); room != 0) delete_.run(packed(room, x.number));
}

// -- reading ----------------------------------------------------------------------------------------------------------

fan_out_reads::fan_out_reads(connection& db, event_reads& events, binding_reads& bindings)
    : events_(events), bindings_(bindings), of_room_(db, "SELECT key, " + select_list<fan_out_columns>() +
                                                           " FROM fan_outs WHERE key BETWEEN ?1 AND ?2 ORDER BY key"),
      // There are rows for some moments only: no index.
      of_event_(db, "SELECT " + select_list<fan_out_columns>() + " FROM fan_outs WHERE event = ?1 ORDER BY key") {}

std::vector<room_loaded::fan_out> fan_out_reads::of_room(std::int64_t room, const std::string& room_id) {
  std::vector<room_loaded::fan_out> out;
  std::int64_t last = 0; // the parts of an event follow each other
  for (auto rows = of_room_.query(first_of(room), last_of(room)); rows.next();) {
    auto row = read_row<fan_out_columns>(rows, 1);
    room_loaded::fan_out one{low_of(rows.integer(0)), nullptr, {}, std::move(row.servers)};
    if (row.event == last) {
      one.event = out.back().event;
      one.chat_message_id = out.back().chat_message_id;
    } else {
      one.event = events_.event(row.event, room).event;
      one.chat_message_id = bindings_.find(room_id, one.event->event_id).chat_message_id;
    }
    last = row.event;
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<std::string> fan_out_reads::servers_of(std::int64_t event) {
  std::vector<std::string> out;
  for (auto rows = of_event_.query(event); rows.next();) {
    auto row = read_row<fan_out_columns>(rows);
    std::move(row.servers.begin(), row.servers.end(), std::back_inserter(out));
  }
  return out;
}

} // namespace causeway::store::sql
