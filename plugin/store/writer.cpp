#include "plugin/store/writer.hpp"

#include "messages/chat/codec.hpp"
#include "plugin/store/codec.hpp"

#include <algorithm>
#include <exception>

namespace causeway::store::sqlite {
namespace {

auto hash_of(const names& known) {
  return [&known](std::string_view id) { return known.hash(id); };
}

} // namespace

writer::writer(connection& db, names& known, const all_recent_ids& recent)
    : db_(db), names_(known), events_(db, events_by_id, recent.events, hash_of(known)),
      commands_(db, commands_by_id, recent.commands, hash_of(known)),
      binding_events_(db, bindings_by_event, recent.binding_events, hash_of(known)),
      binding_chats_(db, bindings_by_chat, recent.binding_chats, hash_of(known)),
      select_streams_(db, "SELECT stream, head, acknowledged FROM streams"),
      put_stream_(
        db, "INSERT INTO streams VALUES(?1, ?2, ?3) ON CONFLICT(stream) DO UPDATE SET head = ?2, acknowledged = ?3"),
      insert_event_(
        db, "INSERT INTO events(seq, room, judged, for_auth, state_group_before, state_group_after, position, depth,"
            " origin_server_ts, event_id, reason, json) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"),
      update_event_(db, "UPDATE events SET judged = ?2, for_auth = ?3, state_group_before = ?4, state_group_after = ?5,"
                        " position = ?6, reason = ?7 WHERE seq = ?1"),
      update_room_(
        db,
        "UPDATE rooms SET known = 1, room_version = CASE ?2 WHEN '' THEN room_version ELSE ?2 END, phase = ?3,"
        " chat_room_id = CASE ?4 WHEN '' THEN chat_room_id ELSE ?4 END, type = ?5, federated = ?6, forward_extremities = ?7, state_group = ?8,"
        " last_position = ?9, first_position = ?10, last_state_group = ?11, history_from = ?12,"
        " members_omitted = ?13, events = events + ?14 WHERE room = ?1"),
      count_events_(db, "UPDATE rooms SET events = events + ?2, room_version = CASE room_version WHEN '' THEN ?3"
                        " ELSE room_version END WHERE room = ?1"),
      put_state_group_(db, "INSERT OR REPLACE INTO state_groups VALUES(?1, ?2, ?3)"),
      has_state_group_(db, "SELECT 1 FROM state_groups WHERE key = ?1"),
      insert_outbox_(db, "INSERT INTO outbox VALUES(?1, ?2, ?3)"),
      put_dead_letter_(
        db, "INSERT INTO dead_letters VALUES(?1, ?2, coalesce((SELECT name FROM outbox WHERE key = ?1), ''),"
            " coalesce((SELECT body FROM outbox WHERE key = ?1), x'')) ON CONFLICT(key) DO UPDATE SET reason = ?2"),
      select_last_queued_(db, "SELECT key FROM destination_pdus WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1"),
      is_queued_(db, "SELECT 1 FROM destination_pdus WHERE key = ?1 AND event IS NULL"
                     " UNION ALL SELECT 1 FROM destination_pdus WHERE server = ?2 AND event = ?3"),
      insert_queued_(db, "INSERT INTO destination_pdus(key) VALUES(?1)"),
      insert_queued_out_of_order_(db, "INSERT INTO destination_pdus(key, server, event) VALUES(?1, ?2, ?3)"),
      delete_queued_(db, "DELETE FROM destination_pdus WHERE key = ?1 AND event IS NULL"),
      delete_queued_out_of_order_(db, "DELETE FROM destination_pdus WHERE server = ?1 AND event = ?2"),
      put_destination_(db, "INSERT OR REPLACE INTO destinations VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
      last_refused_(db, "SELECT key FROM refused_pdus WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1"),
      insert_refused_(db, "INSERT INTO refused_pdus VALUES(?1, ?2, ?3, ?4, ?5, ?6)"),
      delete_refused_(db, "DELETE FROM refused_pdus WHERE key BETWEEN ?1 AND ?2"),
      put_inbox_(db, "INSERT INTO inbox(room, event_id, origin, pdu, received_ts) VALUES(?1, ?2, ?3, ?4, ?5)"
                     " ON CONFLICT(room, event_id, origin) DO UPDATE SET pdu = ?4, received_ts = ?5"),
      delete_inbox_(db, "DELETE FROM inbox WHERE room = ?1 AND event_id = ?2"),
      put_received_transaction_(
        db, "INSERT INTO received_transactions(server, transaction_id, response, ts) VALUES(?1, ?2, ?3, ?4)"
            " ON CONFLICT(server, transaction_id) DO UPDATE SET response = ?3, ts = ?4"),
      command_id_(db, "SELECT command_id FROM command_results WHERE seq = ?1"),
      insert_command_(db, "INSERT INTO command_results(seq, command_id, command_name, succeeded, body, ts)"
                          " VALUES(?1, ?2, ?3, ?4, ?5, ?6)"),
      put_invitation_(
        db,
        "INSERT INTO invitations(room, user_id, room_version, inviter, direction, state, reason, event,"
        " invite_room_state, chat_room_id, type, since_ts, deadline_ts, attempts, retry_at_ts, pending_request, via,"
        " last_fault) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
        " ON CONFLICT(room, user_id) DO UPDATE SET room_version = ?3, inviter = ?4, direction = ?5, state = ?6,"
        " reason = ?7, event = ?8, invite_room_state = ?9, chat_room_id = ?10, type = ?11, since_ts = ?12,"
        " deadline_ts = ?13, attempts = ?14, retry_at_ts = ?15, pending_request = ?16, via = ?17, last_fault = ?18"),
      select_binding_(db, "SELECT event_id, chat_message_id, room FROM bindings WHERE seq = ?1"),
      insert_binding_(db, "INSERT INTO bindings(seq, room, event_id, chat_message_id) VALUES(?1, ?2, ?3, ?4)"),
      // Emptied, not deleted: the number of its row must not come again.
      clear_binding_(db, "UPDATE bindings SET event_id = '', chat_message_id = '' WHERE seq = ?1"),
      put_user_(db, "INSERT INTO users(user_id, chat_name, display_name, avatar_url) VALUES(?1, ?2, ?3, ?4)"
                    " ON CONFLICT(user_id) DO UPDATE SET chat_name = ?2, display_name = ?3, avatar_url = ?4"),
      put_server_keys_(db, "INSERT OR REPLACE INTO server_keys VALUES(?1, ?2, ?3, ?4)"),
      bind_room_(
        db,
        "UPDATE rooms SET chat_room_id = ?2 WHERE room = ?1"
        " AND NOT EXISTS(SELECT 1 FROM rooms AS other WHERE other.chat_room_id = ?2 AND other.chat_room_id <> '' AND other.room <> ?1)"),
      put_room_listing_(db, "UPDATE rooms SET listing = ?2 WHERE room = ?1"),
      redact_event_(db, "UPDATE events SET json = ?2, redacted_by = ?3 WHERE seq = ?1 AND redacted_by = 0"),
      restore_event_(db, "UPDATE events SET json = ?2 WHERE seq = ?1 AND redacted_by = 0"),
      hold_redaction_(
        db, "INSERT INTO held_redactions(room, redaction_event_id, target_event_id, sender, by_power, looked_up)"
            " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(room, redaction_event_id) DO UPDATE SET looked_up = ?6"),
      drop_held_redaction_(db, "DELETE FROM held_redactions WHERE room = ?1 AND redaction_event_id = ?2") {}

result<std::vector<commit_outcome>> writer::commit(std::span<const store_batch> batches) {
  for (auto* merger : mergers()) merger->begin();
  auto roll_back = [this] {
    stale_ = true;
    for (auto* merger : mergers()) merger->rolled_back();
  };
  std::vector<commit_outcome> outcomes;
  try {
    outcomes = run(batches);
  } catch (const error& failed) {
    roll_back();
    return to_fault(failed);
  } catch (const std::exception& failed) {
    roll_back();
    return {fault_code::internal, failed.what()};
  }
  for (auto* merger : mergers()) merger->committed();
  return outcomes;
}

std::vector<commit_outcome> writer::run(std::span<const store_batch> batches) {
  if (stale_) reload();
  names_.refresh();
  std::vector<commit_outcome> outcomes(batches.size());
  rooms_.clear();
  static_cast<void>(deliveries_.take()); // of a transaction that was rolled back
  transaction all{db_, transaction::kind::write};
  for (std::size_t i = 0; i < batches.size(); ++i) {
    outcome_ = &outcomes[i];
    outcome_bytes_ = 0;
    for (const auto& one : batches[i].writes) std::visit([this](const auto& x) { apply(x); }, one);
  }
  // The cursors of what was gathered follow all others of this commit; so the outcome of the last batch has them.
  for (auto& x : deliveries_.take()) {
    const chat::notification told{std::move(x.told)};
    apply(append_outbox{x.stream, chat::name(told), chat::encode(told)});
  }
  flush();
  for (auto* merger : mergers()) merger->merge_slice();
  all.commit();
  return outcomes;
}

void writer::reload() {
  names_.forget();
  last_queued_.clear();
  streams_.clear();
  auto rows = select_streams_.query();
  while (rows.next()) streams_[static_cast<std::uint32_t>(rows.integer(0))] = {rows.integer(1), rows.integer(2), false};
  stale_ = false;
}

void writer::flush() {
  for (auto& [room, change] : rooms_) {
    if (!change.head) {
      count_events_.run(room, change.new_events, change.room_version);
      continue;
    }
    const put_room& x = *change.head;
    auto extremities = encode_strings(x.forward_extremities);
    update_room_.run(room, x.room_version.empty() ? change.room_version : std::string_view{x.room_version},
                     static_cast<int>(x.phase), x.chat_room_id, x.type, x.federated, blob{extremities}, x.state_group,
                     x.last_position, x.first_position, x.last_state_group, x.history_from, x.members_omitted,
                     change.new_events);
  }
  for (auto& [stream, x] : streams_) {
    if (!x.changed) continue;
    put_stream_.run(stream, x.head, x.acknowledged);
    x.changed = false;
  }
}

// -- rooms and events ---------------------------------------------------------------------------------------------------

void writer::apply(const put_event& x) {
  if (!x.event || !x.event->rules_) throw invalid_write{"put_event: no event"};
  const auto& event = *x.event;
  auto room = names_.room(x.room_id, event.rules().id);
  auto& change = rooms_[room];
  change.room_version = event.rules().id;
  int judged = static_cast<int>(x.judged);
  // What a room is loaded with: a rejected event is part of no state, whoever cites it has it read.
  bool for_auth = (event.is_state() && x.judged != verdict::rejected) || x.judged == verdict::outlier;
  if (auto known = names_.find_event(event.event_id, room)) {
    update_event_.run(known, judged, for_auth, x.state_group_before, x.state_group_after, x.position, x.reason);
    return;
  }
  auto json = event.to_json();
  auto seq = events_.next_row();
  insert_event_.run(seq, room, judged, for_auth, x.state_group_before, x.state_group_after, x.position, event.depth,
                    event.origin_server_ts, event.event_id, x.reason, json);
  events_.add(names_.hash(event.event_id), seq);
  names_.learn_event(event.event_id, room, seq);
  ++change.new_events;
}

void writer::apply(const put_state_group& x) {
  auto room = names_.room(x.room_id, "");
  if (x.id <= 0) throw invalid_write{"put_state_group: id " + std::to_string(x.id) + " is not positive"};
  // A delta on nothing would make the room unreadable for ever; better to lose this batch.
  if (x.base != 0 && (x.base == x.id || !has_state_group_.query(packed(room, x.base)).next()))
    throw invalid_write{"put_state_group: base " + std::to_string(x.base) + " of " + x.room_id + " is not stored"};
  auto entries = encode_entries(x.entries);
  put_state_group_.run(packed(room, x.id), x.base, blob{entries});
}

void writer::apply(const put_room& x) { rooms_[names_.room(x.room_id, x.room_version)].head = &x; }

void writer::apply(const put_inbox& x) {
  put_inbox_.run(names_.room(x.room_id, ""), x.event_id, x.origin, x.pdu, x.received_ts);
}

void writer::apply(const remove_inbox& x) {
  auto room = names_.find_room(x.room_id);
  if (room == 0) return;
  for (const auto& event_id : x.event_ids) delete_inbox_.run(room, event_id);
}

void writer::apply(const put_invitation& x) {
  put_invitation_.run(names_.room(x.room_id, x.room_version), x.user_id, x.room_version, x.inviter, x.direction,
                      x.state, x.reason, x.event, x.invite_room_state, x.chat_room_id, x.type, x.since_ts,
                      x.deadline_ts, x.attempts, x.retry_at_ts, x.pending_request, x.via, x.last_fault);
}

// -- the chat side ------------------------------------------------------------------------------------------------------

void writer::apply(const append_outbox& x) {
  auto& stream = streams_[x.stream];
  auto cursor = ++stream.head;
  stream.changed = true;
  insert_outbox_.run(packed(x.stream, cursor), x.name, blob{x.body});
  outcome_->outbox_heads[x.stream] = cursor;
  if (outcome_bytes_ > outcome_bytes_max) return;
  outcome_bytes_ += x.name.size() + x.body.size();
  if (outcome_bytes_ > outcome_bytes_max)
    outcome_->outbox_rows.clear(); // all of them or none: a gap must be read anyway
  else outcome_->outbox_rows[x.stream].push_back({cursor, x.name, x.body});
}

void writer::apply(const append_delivery& x) { deliveries_.add(x); }

void writer::apply(const acknowledge_outbox& x) {
  auto known = streams_.find(x.stream);
  if (known == streams_.end()) return;
  auto& stream = known->second;
  auto wanted = std::min(x.cursor, stream.head);
  if (wanted <= stream.acknowledged) return;
  stream.acknowledged = wanted;
  stream.changed = true;
}

void writer::apply(const put_dead_letter& x) { put_dead_letter_.run(packed(x.stream, x.cursor), x.reason); }

void writer::apply(const put_command_result& x) {
  auto hashed = names_.hash(x.command_id);
  for (auto seq : names_.commands.rows(hashed)) {
    auto row = command_id_.query(seq);
    if (row.next() && row.text(0) == x.command_id) return;
  }
  auto seq = commands_.next_row();
  commands_.add(hashed, seq);
  insert_command_.run(seq, x.command_id, x.command_name, x.succeeded, blob{x.body}, x.ts);
}

std::size_t writer::purge_commands(std::int64_t before_ts, std::int64_t now_ts, std::size_t rows_max) {
  std::vector<std::pair<std::int64_t, std::int64_t>> removed; // hash, row
  transaction all{db_, transaction::kind::write};
  // As with received transactions; a result must not go early, or its command would be carried out twice.
  statement{
    db_,
    "UPDATE command_results SET ts = ?2 WHERE seq IN (SELECT seq FROM command_results ORDER BY seq LIMIT ?1) AND ts > ?2"}
    .run(rows_max, now_ts);
  {
    statement oldest{db_, "SELECT seq, command_id, ts FROM command_results ORDER BY seq LIMIT ?1"};
    for (auto rows = oldest.query(rows_max); rows.next();)
      if (rows.integer(2) < before_ts) removed.emplace_back(names_.hash(rows.text(1)), rows.integer(0));
  }
  statement remove{db_, "DELETE FROM command_results WHERE seq = ?1"};
  for (auto [hash, row] : removed) {
    remove.run(row);
    commands_.erase_on_disk(hash, row);
  }
  all.commit();
  for (auto [hash, row] : removed) commands_.erase_in_memory(hash, row);
  return removed.size();
}

void writer::apply(const bind_message& x) {
  auto room = names_.room(x.room_id, "");
  auto event_hash = names_.hash(x.event_id);
  std::int64_t former = 0;
  for (auto seq : names_.binding_events.rows(event_hash)) {
    auto row = select_binding_.query(seq);
    if (!row.next() || row.text(0) != x.event_id || row.integer(2) != room) continue;
    if (row.text(1) == x.chat_message_id) return;
    former = seq;
  }
  if (former) clear_binding_.run(former);
  auto seq = binding_events_.next_row();
  binding_events_.add(event_hash, seq);
  binding_chats_.add(names_.hash(x.chat_message_id), seq);
  insert_binding_.run(seq, room, x.event_id, x.chat_message_id);
}

void writer::apply(const bind_room& x) { bind_room_.run(names_.room(x.room_id, ""), x.chat_room_id); }

void writer::apply(const put_user& x) { put_user_.run(x.user_id, x.chat_name, x.display_name, x.avatar_url); }

// -- other servers ------------------------------------------------------------------------------------------------------

std::int64_t& writer::last_queued(std::int64_t server) {
  auto [at, is_new] = last_queued_.try_emplace(server, 0);
  if (is_new) {
    auto rows = select_last_queued_.query(packed(server, 0), packed(server, packed_low_max));
    if (rows.next()) at->second = low_of(rows.integer(0));
  }
  return at->second;
}

// The order within a queue is the event's own number, as long as events are queued in the order they were stored: then a
// row is nothing but its key, and a duplicate shows by itself. An older event (a server that came late) gets the next free
// number and names its event in a column.
void writer::apply(const queue_pdu& x) {
  auto event = names_.find_event(x.event_id);
  if (event == 0) throw invalid_write{"queue_pdu: event " + x.event_id + " is not stored"};
  auto server = names_.server(x.server_name);
  auto& last = last_queued(server);
  if (event > last) {
    insert_queued_.run(packed(server, event));
    last = event;
    return;
  }
  if (is_queued_.query(packed(server, event), server, event).next()) return;
  insert_queued_out_of_order_.run(packed(server, last + 1), server, event);
  ++last;
}

void writer::apply(const remove_destination_pdus& x) {
  auto server = names_.find_server(x.server_name);
  if (server == 0) return;
  for (const auto& event_id : x.event_ids) {
    auto event = names_.find_event(event_id);
    if (event == 0) continue;
    delete_queued_.run(packed(server, event));
    if (db_.changes() == 0) delete_queued_out_of_order_.run(server, event);
  }
}

void writer::apply(const put_destination& x) {
  auto pdus = encode_strings(x.transaction_pdus), edus = encode_strings(x.transaction_edus);
  put_destination_.run(names_.server(x.server_name), x.transaction_id, x.transaction_ts, blob{pdus}, blob{edus},
                       x.failures, x.first_failure_ts, x.retry_at_ts, x.last_fault);
}

void writer::apply(const put_refused_pdu& x) {
  const auto server = names_.server(x.server_name);
  std::int64_t count = 1;
  if (auto last = last_refused_.query(packed(server, 0), packed(server, packed_low_max)); last.next())
    count = low_of(last.integer(0)) + 1;
  insert_refused_.run(packed(server, count), x.event_id, x.room_id, x.type, x.reason, x.ts);
  if (const auto kept = static_cast<std::int64_t>(refused_pdus_kept_max); count > kept)
    delete_refused_.run(packed(server, 0), packed(server, count - kept));
}

void writer::apply(const put_received_transaction& x) {
  put_received_transaction_.run(names_.server(x.origin), x.transaction_id, x.response, x.ts);
}

void writer::apply(const put_server_keys& x) {
  auto keys = encode_keys(x.keys);
  put_server_keys_.run(names_.server(x.server_name), blob{keys}, x.fetched_ts, x.documents);
}

void writer::apply(const put_room_listing& x) { put_room_listing_.run(names_.room(x.room_id, ""), x.listing); }

// -- redactions ---------------------------------------------------------------------------------------------------------

void writer::apply(const redact_event& x) {
  auto room = names_.room(x.room_id, "");
  auto target = names_.find_event(x.redacted->event_id, room),
       redaction = names_.find_event(x.redaction_event_id, room);
  if (target == 0 || redaction == 0)
    throw invalid_write{"redact_event: " + x.redacted->event_id + " or its redaction is not stored"};
  auto json = x.redacted->to_json();
  redact_event_.run(target, json, redaction);
}

void writer::apply(const restore_event& x) {
  auto target = names_.find_event(x.whole->event_id, names_.room(x.room_id, ""));
  if (target == 0) throw invalid_write{"restore_event: " + x.whole->event_id + " is not stored"};
  restore_event_.run(target, x.whole->to_json());
}

void writer::apply(const hold_redaction& x) {
  hold_redaction_.run(names_.room(x.room_id, ""), x.redaction_event_id, x.target_event_id, x.sender, x.by_power,
                      x.looked_up);
}

void writer::apply(const drop_held_redaction& x) {
  if (auto room = names_.find_room(x.room_id)) drop_held_redaction_.run(room, x.redaction_event_id);
}

} // namespace causeway::store::sqlite
