#include "plugin/store/destination_rows.hpp"

#include "plugin/store/binding_rows.hpp"
#include "plugin/store/columns.hpp"
#include "plugin/store/event_rows.hpp"
#include "plugin/store/fan_out_rows.hpp"
#include "plugin/store/id_writer.hpp"
#include "plugin/store/key_rows.hpp"
#include "plugin/store/room_rows.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace causeway::store::sql {
namespace {

constexpr schema_step steps_of_destinations[] = {{1, R"(
CREATE TABLE destinations(
  server INTEGER PRIMARY KEY,
  transaction_id TEXT NOT NULL,
  transaction_ts INTEGER NOT NULL,
  transaction_pdus BLOB NOT NULL,
  transaction_edus BLOB NOT NULL,
  failures INTEGER NOT NULL,
  first_failure_ts INTEGER NOT NULL,
  retry_at_ts INTEGER NOT NULL,
  last_fault TEXT NOT NULL);
CREATE TABLE destination_pdus(key INTEGER PRIMARY KEY, server INTEGER, event INTEGER);
CREATE INDEX destination_pdus_out_of_order ON destination_pdus(server, event) WHERE event IS NOT NULL;
)"},
                                                 {6, R"(
CREATE TABLE refused_pdus(
  key INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL,
  room_id TEXT NOT NULL,
  type TEXT NOT NULL,
  reason TEXT NOT NULL,
  ts INTEGER NOT NULL);
)"},
                                                 {9, R"(
ALTER TABLE destinations ADD COLUMN delayed_event_id TEXT NOT NULL DEFAULT '';
)"},
                                                 {12, R"(
ALTER TABLE destinations ADD COLUMN paused_since_ts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN pause_reason TEXT NOT NULL DEFAULT '';
)"}};

/// Events counted that stand before one in a queue.
constexpr std::int64_t before_counted_max = 1'000;

/// The number of the event that a row of the queue is about, in SQL.
std::string event_of(const std::string& row) {
  return "coalesce(" + row + ".event, " + row + ".key & " + std::to_string(packed_low_max) + ")";
}

/// Version of the room, then the event.
std::string select_events() { return "SELECT r.room_version, " + select_list<stored_event_columns>("e."); }

/// CROSS JOIN keeps the order of the loops: the queue leads, so LIMIT stops early.
std::string select_queued() {
  return select_events() + " FROM destination_pdus d CROSS JOIN events e ON e.seq = " + event_of("d") +
         " CROSS JOIN rooms r ON r.room = e.room WHERE d.key BETWEEN ?1 AND ?2 ORDER BY d.key LIMIT ?3";
}

/// The queues that the event with the number ?1 stands in. Of most servers there are two points to look at.
std::string select_owed(const std::string& what) {
  return "SELECT " + what +
         " FROM servers s JOIN destination_pdus d ON d.key = coalesce((SELECT key FROM destination_pdus"
         " WHERE key = (s.server << " +
         std::to_string(packed_low_bits) +
         ") + ?1 AND event IS NULL),"
         " (SELECT key FROM destination_pdus WHERE server = s.server AND event = ?1 AND event IS NOT NULL))";
}

std::string select_newest_queued() {
  return select_events() +
         " FROM (SELECT max(q.key) AS newest FROM destination_pdus q CROSS JOIN events x ON x.seq = " + event_of("q") +
         " WHERE q.key BETWEEN ?1 AND ?2 GROUP BY x.room) h CROSS JOIN destination_pdus d ON d.key = h.newest"
         " CROSS JOIN events e ON e.seq = " +
         event_of("d") + " CROSS JOIN rooms r ON r.room = e.room ORDER BY d.key DESC LIMIT ?3";
}

constexpr const char* failing_first = "coalesce(d.failures, 0) = 0, coalesce(d.first_failure_ts, 0), s.server";

/// @param which  condition for those that are wanted
std::string select_destinations(const std::string& which, const std::string& order = failing_first) {
  const auto low_max = std::to_string(packed_low_max), bits = std::to_string(packed_low_bits);
  return "SELECT s.server, s.name FROM servers s LEFT JOIN destinations d ON d.server = s.server"
         " WHERE (d.server IS NOT NULL OR EXISTS(SELECT 1 FROM destination_pdus WHERE key BETWEEN s.server << " +
         bits + " AND (s.server << " + bits + ") + " + low_max + "))" + which + " ORDER BY " + order + " LIMIT ?1";
}

} // namespace

schema_steps destination_steps() { return steps_of_destinations; }

// -- writing ----------------------------------------------------------------------------------------------------------

destination_writes::destination_writes(connection& db, names& known, id_writer& events)
    : db_(db), names_(known), events_(events),
      select_last_(db, "SELECT key FROM destination_pdus WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1"),
      is_queued_(db, "SELECT 1 FROM destination_pdus WHERE key = ?1 AND event IS NULL"
                     " UNION ALL SELECT 1 FROM destination_pdus WHERE server = ?2 AND event = ?3"),
      insert_(db, "INSERT INTO destination_pdus(key) VALUES(?1)"),
      insert_out_of_order_(db, "INSERT INTO destination_pdus(key, server, event) VALUES(?1, ?2, ?3)"),
      delete_(db, "DELETE FROM destination_pdus WHERE key = ?1 AND event IS NULL"),
      delete_out_of_order_(db, "DELETE FROM destination_pdus WHERE server = ?1 AND event = ?2"),
      put_(db, insert_or_update<destination_columns>("destinations", {"server"})),
      last_refused_(db, "SELECT key FROM refused_pdus WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1"),
      insert_refused_(db, insert_into<refused_columns>("refused_pdus", {"key"})),
      delete_refused_(db, "DELETE FROM refused_pdus WHERE key BETWEEN ?1 AND ?2") {}

std::int64_t& destination_writes::last_queued(std::int64_t server) {
  auto [at, is_new] = last_queued_.try_emplace(server, 0);
  if (is_new) {
    // What another node has queued with a greater number is of another room.
    auto rows = select_last_.query(first_of(server), packed(server, events_.newest_row()));
    if (rows.next()) at->second = low_of(rows.integer(0));
  }
  return at->second;
}

void destination_writes::apply(const queue_pdu& x) {
  auto event = names_.find_event(x.event_id);
  if (event == 0) throw invalid_write{"queue_pdu: event " + x.event_id + " is not stored"};
  auto server = names_.server(x.server_name);
  auto& last = last_queued(server);
  if (event > last) {
    insert_.run(packed(server, event));
    last = event;
    return;
  }
  if (is_queued_.query(packed(server, event), server, event).next()) return;
  // Numbers that stand for no event are forgotten with the process, where it has the store alone.
  auto number = events_.next_row();
  while (number <= last) number = events_.next_row();
  insert_out_of_order_.run(packed(server, number), server, event);
  last = number;
}

void destination_writes::apply(const remove_destination_pdus& x) {
  auto server = names_.find_server(x.server_name);
  if (server == 0) return;
  for (const auto& event_id : x.event_ids) {
    auto event = names_.find_event(event_id);
    if (event == 0) continue;
    delete_.run(packed(server, event));
    if (db_.changes() == 0) delete_out_of_order_.run(server, event);
  }
}

void destination_writes::apply(const put_destination& x) {
  write_row<destination_columns>(put_, x, names_.server(x.server_name));
}

void destination_writes::apply(const put_refused_pdu& x) {
  const auto server = names_.server(x.server_name);
  std::int64_t count = 1;
  if (auto last = last_refused_.query(first_of(server), last_of(server)); last.next())
    count = low_of(last.integer(0)) + 1;
  write_row<refused_columns>(insert_refused_, x, packed(server, count));
  if (const auto kept = static_cast<std::int64_t>(refused_pdus_kept_max); count > kept)
    delete_refused_.run(first_of(server), packed(server, count - kept));
}

// -- reading ----------------------------------------------------------------------------------------------------------

destination_reads::destination_reads(connection& db, names& known, const parts& with)
    : names_(known), with_(with),
      one_(db, "SELECT " + select_list<destination_columns>() + " FROM destinations WHERE server = ?1"),
      queued_(db, select_queued()), newest_queued_(db, select_newest_queued()),
      refused_(db, "SELECT key, " + select_list<refused_columns>() +
                     " FROM refused_pdus WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT ?3"),
      last_refused_(db, "SELECT key FROM refused_pdus WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1"),
      all_(db, select_destinations("")), named_(db, select_destinations(" AND s.name = ?2")),
      behind_(db, select_destinations(" AND s.name > ?2", "s.name")),
      count_queued_(db, "SELECT count(*) FROM destination_pdus WHERE key BETWEEN ?1 AND ?2"),
      oldest_queued_(db, "SELECT e.origin_server_ts FROM destination_pdus d CROSS JOIN events e ON e.seq = " +
                           event_of("d") + " WHERE d.key BETWEEN ?1 AND ?2 ORDER BY d.key LIMIT 1"),
      next_queued_(db, "SELECT key FROM destination_pdus WHERE key >= ?1 ORDER BY key LIMIT 1"),
      in_flight_(db, "SELECT server FROM destinations WHERE transaction_id <> ''"),
      server_name_(db, "SELECT name FROM servers WHERE server = ?1"),
      owed_(db, select_owed("s.server, s.name, d.key") + " ORDER BY s.name LIMIT ?2"),
      count_owed_(db, select_owed("count(*)")),
      count_before_(db, "SELECT count(*) FROM (SELECT 1 FROM destination_pdus WHERE key BETWEEN ?1 AND ?2 LIMIT ?3)"
                        " AS those"),
      first_queued_(db, "SELECT e.event_id FROM destination_pdus d CROSS JOIN events e ON e.seq = " + event_of("d") +
                          " WHERE d.key BETWEEN ?1 AND ?2 ORDER BY d.key LIMIT 1"),
      refused_by_(db, "SELECT s.name, " + select_list<refused_columns>("r.") +
                        " FROM refused_pdus r JOIN servers s ON s.server = r.key >> " +
                        std::to_string(packed_low_bits) + " WHERE r.event_id = ?1 ORDER BY s.name LIMIT ?2") {}

put_destination destination_reads::destination(std::int64_t server, std::string name) {
  put_destination x;
  auto rows = one_.query(server);
  if (rows.next()) read_row<destination_columns>(rows, 0, x);
  x.server_name = std::move(name);
  return x;
}

answer destination_reads::on(const load_destination& x) {
  destination_loaded loaded;
  loaded.destination.server_name = x.server_name;
  loaded.keys.server_name = x.server_name;
  auto server = names_.find_server(x.server_name);
  if (server == 0) return loaded;
  loaded.destination = destination(server, x.server_name);
  add_queued(x, server, loaded);
  add_in_flight(loaded);
  add_refused(server, loaded);
  add_names(loaded);
  loaded.keys = with_.keys.of_server(server, x.server_name);
  return loaded;
}

void destination_reads::add_queued(const load_destination& x, std::int64_t server, destination_loaded& to) {
  const auto limit = std::min(x.limit, rows_max);
  auto rows = (x.newest_per_room ? newest_queued_ : queued_).query(first_of(server), last_of(server), limit + 1);
  std::size_t bytes = 0;
  while (rows.next()) {
    to.more = to.pdus.size() == limit;
    if (to.more) return;
    event_row row;
    read_row<stored_event_columns>(rows, 1, row);
    auto queued = shared_.find(row);
    if (!queued) {
      queued = parse_stored(row, known_version(rows.text(0)));
      shared_.add(row, queued);
    }
    bytes += row.json.size();
    to.more = bytes > x.bytes_max && !to.pdus.empty();
    if (to.more) return;
    to.pdus.push_back(std::move(queued));
  }
}

void destination_reads::add_in_flight(destination_loaded& to) {
  for (const auto& event_id : to.destination.transaction_pdus) {
    // One that was sent before its turn lies beyond `limit`.
    const auto is_it = [&](const auto& e) { return e->event_id == event_id; };
    if (std::any_of(to.pdus.begin(), to.pdus.end(), is_it)) continue;
    auto seq = names_.find_event(event_id);
    if (seq == 0) continue;
    if (auto event = with_.events.bare_event(seq)) to.in_flight.push_back(std::move(event));
  }
}

void destination_reads::add_refused(std::int64_t server, destination_loaded& to) {
  auto rows = refused_.query(first_of(server), last_of(server), refused_pdus_kept_max);
  while (rows.next()) {
    if (to.refused.empty()) to.refused_count = low_of(rows.integer(0));
    auto& one = to.refused.emplace_back(read_row<refused_columns>(rows, 1));
    one.server_name = to.destination.server_name;
  }
}

void destination_reads::add_names(destination_loaded& to) {
  std::map<std::string, std::string> rooms;
  for (const auto* list : {&to.pdus, &to.in_flight})
    for (const auto& e : *list) {
      if (e->type != "m.room.message") continue;
      auto [room, is_new] = rooms.try_emplace(e->room_id);
      if (is_new) room->second = with_.rooms.chat_room_id(e->room_id);
      const auto message = with_.bindings.find(e->room_id, e->event_id);
      if (!room->second.empty() || !message.chat_message_id.empty())
        to.names_of[e->event_id] = {room->second, message.chat_message_id};
    }
}

answer destination_reads::on(const list_destinations& x) {
  destinations_listed listed;
  const auto limit = std::min(x.limit, rows_max);
  auto rows = x.after                 ? behind_.query(limit, *x.after)
              : x.server_name.empty() ? all_.query(limit)
                                      : named_.query(limit, x.server_name);
  while (rows.next()) {
    auto server = rows.integer(0);
    auto& one = listed.destinations.emplace_back();
    one.destination = destination(server, rows.string(1));
    if (auto count = count_queued_.query(first_of(server), last_of(server)); count.next())
      one.queued = count.integer(0);
    if (auto oldest = oldest_queued_.query(first_of(server), last_of(server)); oldest.next())
      one.oldest_queued_ts = oldest.integer(0);
    if (auto last = last_refused_.query(first_of(server), last_of(server)); last.next())
      one.refused = low_of(last.integer(0));
  }
  return listed;
}

answer destination_reads::on(const find_owed& x) {
  owed_found found;
  const auto limit = std::min(x.limit, rows_max);
  for (auto rows = refused_by_.query(x.event_id, limit); rows.next();) {
    auto& one = found.refusals.emplace_back(read_row<refused_columns>(rows, 1));
    one.server_name = rows.string(0);
  }
  const auto event = names_.find_event(x.event_id);
  if (event == 0) return found;
  if (auto rows = count_owed_.query(event); rows.next()) found.servers = rows.integer(0);
  for (auto rows = owed_.query(event, limit); rows.next();) {
    const auto server = rows.integer(0), key = rows.integer(2);
    auto& one = found.debts.emplace_back();
    one.destination = destination(server, rows.string(1));
    one.destination.transaction_edus.clear();
    if (auto before = count_before_.query(first_of(server), key - 1, before_counted_max); before.next())
      one.before = before.integer(0);
    if (auto first = first_queued_.query(first_of(server), last_of(server)); first.next())
      one.first_event_id = first.string(0);
  }
  // Those whose queues it has still to reach.
  for (const auto& name : with_.fan_outs.servers_of(event)) {
    ++found.servers;
    if (found.debts.size() >= limit) continue;
    auto& one = found.debts.emplace_back();
    one.destination = destination(names_.find_server(name), name);
    one.destination.transaction_edus.clear();
  }
  std::ranges::sort(found.debts, {}, [](const auto& x) { return x.destination.server_name; });
  return found;
}

std::vector<std::string> destination_reads::owed() {
  std::set<std::int64_t> servers;
  for (auto rows = in_flight_.query(); rows.next();) servers.insert(rows.integer(0));
  // From the first row of one server to the first of the next: the queues may be long.
  for (std::int64_t server = 0; server <= packed_high_max; ++server) {
    auto rows = next_queued_.query(first_of(server));
    if (!rows.next()) break;
    server = high_of(rows.integer(0));
    servers.insert(server);
  }
  std::vector<std::string> all;
  for (auto server : servers)
    if (auto rows = server_name_.query(server); rows.next()) all.push_back(rows.string(0));
  return all;
}

} // namespace causeway::store::sql
