#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Events that are still to be queued for further servers (table `fan_outs`).
namespace causeway::store::sql {

class binding_reads;
class event_reads;

schema_steps fan_out_steps();

/// Behind the key `key`: the room and a number of its own, packed (keys.hpp).
struct fan_out_row {
  std::int64_t event = 0;
  std::vector<std::string> servers;
};
struct fan_out_columns {
  using row = fan_out_row;
  static void columns(auto& f, auto& x) {
    f.number("event", x.event);
    f.list("servers", x.servers);
  }
};

class fan_out_writes {
public:
  /// @throws error
  fan_out_writes(connection& db, names& known);
  void apply(const put_fan_out& x);
  void apply(const remove_fan_out& x);

private:
  names& names_;
  statement insert_, delete_;
};

class fan_out_reads {
public:
  /// @throws error
  fan_out_reads(connection& db, event_reads& events, binding_reads& bindings);

  /// Of a room, in the order of their numbers.
  std::vector<room_loaded::fan_out> of_room(std::int64_t room, const std::string& room_id);
  /// Servers that an event is still to be queued for. Bound: those of its room.
  std::vector<std::string> servers_of(std::int64_t event);

private:
  event_reads& events_;
  binding_reads& bindings_;
  statement of_room_, of_event_;
};

} // namespace causeway::store::sql
