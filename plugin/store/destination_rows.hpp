#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/shared_events.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

/// What other servers are owed (tables `destinations`, `destination_pdus`, `refused_pdus`). What is to be queued for a
/// crowd of them is in fan_out_rows.hpp.
namespace causeway::store::sql {

class binding_reads;
class event_reads;
class fan_out_reads;
class id_writer;
class key_reads;
class room_reads;

schema_steps destination_steps();

/// Behind the key `server`.
struct destination_columns {
  using row = put_destination;
  static void columns(auto& f, auto& x) {
    f.text("transaction_id", x.transaction_id);
    f.number("transaction_ts", x.transaction_ts);
    f.list("transaction_pdus", x.transaction_pdus);
    f.list("transaction_edus", x.transaction_edus);
    f.number("failures", x.failures);
    f.number("first_failure_ts", x.first_failure_ts);
    f.number("retry_at_ts", x.retry_at_ts);
    f.text("last_fault", x.last_fault);
    f.text("delayed_event_id", x.delayed_event_id);
    f.number("paused_since_ts", x.paused_since_ts);
    f.text("pause_reason", x.pause_reason);
  }
};
/// Behind the key `key`: the server and a count, packed (keys.hpp). The highest count of a server is how many events it
/// ever refused.
struct refused_columns {
  using row = put_refused_pdu;
  static void columns(auto& f, auto& x) {
    f.text("event_id", x.event_id);
    f.text("room_id", x.room_id);
    f.text("type", x.type);
    f.text("reason", x.reason);
    f.number("ts", x.ts);
  }
};

class destination_writes {
public:
  /// @param events  gives the numbers of events
  /// @throws error
  destination_writes(connection& db, names& known, id_writer& events);
  /// The order within a queue is the event's own number, as long as events are queued in the order they were stored:
  /// then a row is nothing but its key, and a duplicate shows by itself. An older event (a server that came late) gets
  /// a new number of an event and names its event in a column. So what several nodes queue for one server never has one
  /// key, and keeps the order of each room, whose numbers only grow; the rooms of different nodes have none.
  void apply(const queue_pdu& x);
  void apply(const remove_destination_pdus& x);
  void apply(const put_destination& x);
  void apply(const put_refused_pdu& x);

  void taken() { last_queued_.clear(); }
  void rolled_back() { last_queued_.clear(); }

private:
  std::int64_t& last_queued(std::int64_t server);

  connection& db_;
  names& names_;
  id_writer& events_;
  /// Server -> highest number in its queue that a room of this connection's shards may have.
  std::unordered_map<std::int64_t, std::int64_t> last_queued_;
  statement select_last_, is_queued_, insert_, insert_out_of_order_, delete_, delete_out_of_order_;
  statement put_, last_refused_, insert_refused_, delete_refused_;
};

class destination_reads {
public:
  /// What a destination is loaded with besides its own rows.
  struct parts {
    event_reads& events;
    room_reads& rooms;
    binding_reads& bindings;
    key_reads& keys;
    fan_out_reads& fan_outs;
  };
  /// @throws error
  destination_reads(connection& db, names& known, const parts& with);
  answer on(const load_destination& x);
  answer on(const list_destinations& x);
  answer on(const find_owed& x);

  /// Servers with queued PDUs or a transaction.
  std::vector<std::string> owed();

private:
  put_destination destination(std::int64_t server, std::string name);
  void add_queued(const load_destination& x, std::int64_t server, destination_loaded& to);
  /// The events of the transaction under way that are not among `pdus`.
  void add_in_flight(destination_loaded& to);
  void add_refused(std::int64_t server, destination_loaded& to);
  /// What the chat server calls the messages among the PDUs, and their rooms.
  void add_names(destination_loaded& to);

  names& names_;
  parts with_;
  shared_events shared_;
  statement one_, queued_, newest_queued_, refused_, last_refused_;
  statement all_, named_, behind_, count_queued_, oldest_queued_;
  statement next_queued_, in_flight_, server_name_;
  statement owed_, count_owed_, count_before_, first_queued_, refused_by_;
};

} // namespace causeway::store::sql
