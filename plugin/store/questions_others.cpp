#include "plugin/store/codec.hpp"
#include "plugin/store/questions.hpp"

#include <algorithm>

/// Other servers, the chat side, invitations and people.
namespace causeway::store::sqlite {
namespace {

/// Rows one answer holds at most.
constexpr std::size_t rows_max = 100'000;

std::int64_t first_of(std::int64_t high) { return packed(high, 0); }
std::int64_t last_of(std::int64_t high) { return packed(high, packed_low_max); }

bool is_wanted(const put_invitation& x, invitations_wanted which) {
  // Open: the invited user may still answer it.
  const bool open = x.state == "sending" || x.state == "pending";
  switch (which) {
  case invitations_wanted::all: return true;
  case invitations_wanted::open: return open;
  case invitations_wanted::unsettled: return open || x.state == "revoked_unconfirmed" || !x.pending_request.empty();
  }
  return true;
}

put_user user(const cursor& row) { return {row.string(0), row.string(1), row.string(2), row.string(3)}; }

} // namespace

put_destination questions::destination(std::int64_t server, std::string name) {
  put_destination x;
  x.server_name = std::move(name);
  auto rows = select_destination_.query(server);
  if (!rows.next()) return x;
  x.transaction_id = rows.string(0);
  x.transaction_ts = rows.integer(1);
  x.transaction_pdus = strings(rows.text(2));
  x.transaction_edus = strings(rows.text(3));
  x.failures = static_cast<std::uint32_t>(rows.integer(4));
  x.first_failure_ts = rows.integer(5);
  x.retry_at_ts = rows.integer(6);
  x.last_fault = rows.string(7);
  return x;
}

answer questions::on(const load_destination& x) {
  destination_loaded loaded;
  loaded.destination.server_name = x.server_name;
  loaded.keys.server_name = x.server_name;
  auto server = names_.find_server(x.server_name);
  if (server == 0) return loaded;
  loaded.destination = destination(server, x.server_name);
  {
    auto limit = std::min(x.limit, rows_max);
    auto rows =
      (x.newest_per_room ? select_newest_queued_ : select_queued_).query(first_of(server), last_of(server), limit + 1);
    while (rows.next()) {
      if (loaded.pdus.size() == limit) {
        loaded.more = true;
        break;
      }
      loaded.pdus.push_back(read_event(rows, 0, known_version(rows.text(6))).event);
    }
  }
  for (const auto& event_id : loaded.destination.transaction_pdus) {
    // One that was sent before its turn lies beyond `limit`.
    const auto is_it = [&](const auto& e) { return e->event_id == event_id; };
    if (std::any_of(loaded.pdus.begin(), loaded.pdus.end(), is_it)) continue;
    auto seq = names_.find_event(event_id);
    if (seq == 0) continue;
    auto row = select_event_.query(seq);
    if (row.next()) loaded.in_flight.push_back(read_event(row, 0, rules_of(row.integer(6))).event);
  }
  auto refused = select_refused_.query(first_of(server), last_of(server));
  while (refused.next()) {
    if (loaded.refused.empty()) loaded.refused_count = low_of(refused.integer(0));
    loaded.refused.push_back(
      {x.server_name, refused.string(1), refused.string(2), refused.string(3), refused.string(4), refused.integer(5)});
  }
  add_names(loaded);
  auto rows = select_keys_.query(server);
  if (!rows.next()) return loaded;
  auto keys = decode_keys(rows.text(0));
  if (!keys) throw error{SQLITE_CORRUPT, keys.error().detail};
  loaded.keys.keys = *std::move(keys);
  loaded.keys.fetched_ts = rows.integer(1);
  loaded.keys.documents = rows.string(2);
  return loaded;
}

void questions::add_names(destination_loaded& loaded) {
  std::map<std::string, std::string> rooms;
  for (const auto* list : {&loaded.pdus, &loaded.in_flight})
    for (const auto& e : *list) {
      if (e->type != "m.room.message") continue;
      auto [room, is_new] = rooms.try_emplace(e->room_id);
      if (is_new)
        if (auto row = select_chat_room_.query(names_.find_room(e->room_id)); row.next()) room->second = row.string(0);
      const auto message = std::get<message_found>(on(find_message{e->room_id, e->event_id}));
      if (!room->second.empty() || !message.chat_message_id.empty())
        loaded.names_of[e->event_id] = {room->second, message.chat_message_id};
    }
}

answer questions::on(const list_destinations&) {
  destinations_listed listed;
  auto rows = list_destinations_.query();
  while (rows.next()) {
    auto server = rows.integer(0);
    auto& one = listed.destinations.emplace_back();
    one.destination = destination(server, rows.string(1));
    if (auto count = count_queued_.query(first_of(server), last_of(server)); count.next())
      one.queued = count.integer(0);
    if (auto oldest = oldest_queued_.query(first_of(server), last_of(server)); oldest.next())
      one.oldest_queued_ts = oldest.integer(0);
    if (auto last = count_refused_.query(first_of(server), last_of(server)); last.next())
      one.refused = low_of(last.integer(0));
  }
  return listed;
}

answer questions::on(const find_received_transaction& x) {
  received_transaction_found found;
  auto server = names_.find_server(x.origin);
  if (server == 0) return found;
  auto rows = select_received_.query(server, x.transaction_id);
  if (rows.next()) found.response = rows.string(0);
  return found;
}

answer questions::on(const find_command_result& x) {
  command_result_found found;
  for (auto seq : names_.commands.rows(names_.hash(x.command_id))) {
    auto rows = select_command_.query(seq);
    if (!rows.next() || rows.text(0) != x.command_id) continue;
    found.result =
      put_command_result{rows.string(0), rows.string(1), rows.integer(2) != 0, rows.string(3), rows.integer(4)};
    break;
  }
  return found;
}

// -- invitations --------------------------------------------------------------------------------------------------------

put_invitation questions::invitation(const cursor& row) {
  put_invitation x;
  x.room_id = row.string(0);
  x.user_id = row.string(1);
  x.room_version = row.string(2);
  x.inviter = row.string(3);
  x.direction = row.string(4);
  x.state = row.string(5);
  x.reason = row.string(6);
  x.event = row.string(7);
  x.invite_room_state = row.string(8);
  x.chat_room_id = row.string(9);
  x.type = row.string(10);
  x.since_ts = row.integer(11);
  x.deadline_ts = row.integer(12);
  x.attempts = static_cast<std::uint32_t>(row.integer(13));
  x.retry_at_ts = row.integer(14);
  x.pending_request = row.string(15);
  x.via = row.string(16);
  x.last_fault = row.string(17);
  return x;
}

std::vector<put_invitation> questions::all_invitations(cursor rows) {
  std::vector<put_invitation> all;
  while (rows.next()) all.push_back(invitation(rows));
  return all;
}

answer questions::on(const load_invitation& x) {
  invitation_loaded loaded;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  auto rows = one_invitation_.query(room, x.user_id);
  if (rows.next()) loaded.invitation = invitation(rows);
  return loaded;
}

answer questions::on(const find_invitations& x) {
  invitations_found found;
  if (!x.room_id.empty()) {
    auto room = names_.find_room(x.room_id);
    if (room == 0) return found;
    found.invitations = all_invitations(invitations_of_room_.query(room));
    if (!x.user_id.empty())
      std::erase_if(found.invitations, [&](const put_invitation& one) { return one.user_id != x.user_id; });
  } else if (!x.user_id.empty()) {
    found.invitations = all_invitations(invitations_of_user_.query(x.user_id));
  } else {
    found.invitations = all_invitations(all_invitations_.query());
  }
  std::erase_if(found.invitations, [&](const put_invitation& one) { return !is_wanted(one, x.which); });
  return found;
}

// -- the chat side ------------------------------------------------------------------------------------------------------

answer questions::on(const read_outbox& x) {
  outbox_read read;
  read.stream = x.stream;
  {
    auto rows = select_stream_.query(x.stream);
    if (!rows.next()) return read;
    read.head = rows.integer(0);
    read.acknowledged = rows.integer(1);
  }
  if (auto first = first_outbox_.query(first_of(x.stream), last_of(x.stream)); first.next())
    read.first_kept = low_of(first.integer(0));
  auto after = std::clamp<std::int64_t>(x.after, 0, packed_low_max);
  auto rows = select_outbox_.query(packed(x.stream, after), last_of(x.stream), std::min(x.limit, rows_max));
  std::size_t bytes = 0;
  while (rows.next()) {
    bytes += rows.text(1).size() + rows.text(2).size();
    // The first row always goes out, or one large notification would block the stream.
    if (bytes > x.bytes_max && !read.rows.empty()) break;
    read.rows.push_back({low_of(rows.integer(0)), rows.string(1), rows.string(2)});
  }
  return read;
}

answer questions::on(const find_message& x) {
  message_found found;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return found;
  auto hashed = names_.hash(x.either_id);
  for (auto [index, column] : {std::pair{&names_.binding_events, 0}, std::pair{&names_.binding_chats, 1}}) {
    for (auto seq : index->rows(hashed)) {
      auto row = select_binding_.query(seq);
      if (!row.next() || row.text(column) != x.either_id || row.integer(2) != room) continue;
      found.event_id = row.string(0);
      found.chat_message_id = row.string(1);
      return found;
    }
  }
  return found;
}

answer questions::on(const find_user& x) {
  user_found found;
  auto rows = select_user_.query(x.user_id);
  if (rows.next()) found.user = user(rows);
  return found;
}

// -- the start ----------------------------------------------------------------------------------------------------------

answer questions::on(const load_known& x) {
  known_loaded loaded;
  {
    auto rows = known_rooms_.query();
    while (rows.next()) loaded.rooms.push_back(rows.string(0));
  }
  {
    auto rows = known_invitations_.query();
    while (rows.next()) loaded.invitations.emplace_back(rows.string(0), rows.string(1));
  }
  auto rows = known_servers_.query(x.servers_max);
  while (rows.next()) loaded.servers.push_back(rows.string(0));
  return loaded;
}

answer questions::on(const load_key_documents& x) {
  key_documents_loaded loaded;
  for (const auto& name : x.servers) {
    const auto server = names_.find_server(name);
    if (server == 0) continue;
    auto rows = select_keys_.query(server);
    if (rows.next() && !rows.text(2).empty()) loaded.documents.emplace(name, rows.string(2));
  }
  return loaded;
}

answer questions::on(const load_directory&) {
  directory_loaded loaded;
  {
    auto rows = directory_rooms_.query();
    while (rows.next())
      loaded.rooms.push_back({rows.string(0), rows.string(1), rows.string(2), static_cast<room_phase>(rows.integer(3)),
                              rows.integer(4) != 0, rows.string(5)});
  }
  std::set<std::int64_t> owed;
  {
    auto rows = servers_in_flight_.query();
    while (rows.next()) owed.insert(rows.integer(0));
  }
  // From the first row of one server to the first of the next: the queues may be long.
  for (std::int64_t server = 0; server <= packed_high_max; ++server) {
    auto rows = next_queued_.query(first_of(server));
    if (!rows.next()) break;
    server = high_of(rows.integer(0));
    owed.insert(server);
  }
  statement name{db_, "SELECT name FROM servers WHERE server = ?1"};
  for (auto server : owed)
    if (auto rows = name.query(server); rows.next()) loaded.destinations_owed.push_back(rows.string(0));
  {
    auto rows = directory_invitations_.query();
    while (rows.next()) loaded.invitations_pending.emplace_back(rows.string(0), rows.string(1));
  }
  auto rows = directory_users_.query();
  while (rows.next()) loaded.users.push_back(user(rows));
  return loaded;
}

} // namespace causeway::store::sqlite
