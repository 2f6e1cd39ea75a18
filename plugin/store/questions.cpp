#include "plugin/store/questions.hpp"

#include "plugin/store/codec.hpp"

#include <exception>

namespace causeway::store::sqlite {
namespace {

/// One snapshot for all statements of an answer.
class snapshot {
public:
  snapshot(statement& begin, statement& end) : end_(end) { begin.run(); }
  snapshot(snapshot&&) = delete;
  ~snapshot() {
    try {
      end_.run();
    } catch (const error&) {
      // It was read only; SQLite has ended it.
    }
  }

private:
  statement& end_;
};

#define CAUSEWAY_INVITATION_COLUMNS                                                                                                                                                   \
  "SELECT r.room_id, i.user_id, i.room_version, i.inviter, i.direction, i.state, i.reason, i.event, "                                                                                 \
  "i.invite_room_state,"                                                                                                                                                              \
  " CASE WHEN r.chat_room_id <> '' THEN r.chat_room_id ELSE i.chat_room_id END, i.type, i.since_ts, i.deadline_ts, i.attempts, i.retry_at_ts, i.pending_request, i.via, i.last_fault" \
  " FROM invitations i JOIN rooms r ON r.room = i.room "

} // namespace

questions::questions(connection& db, names& known)
    : db_(db), names_(known), begin_(db, "BEGIN"), end_(db, "COMMIT"),
      select_room_(
        db,
        "SELECT known, room_version, phase, chat_room_id, type, federated, forward_extremities, state_group,"
        " last_position, first_position, last_state_group, history_from, members_omitted FROM rooms WHERE room = ?1"),
      select_version_(db, "SELECT room_version FROM rooms WHERE room = ?1"),
      select_event_(db,
                    "SELECT judged, state_group_before, state_group_after, position, event_id, json, room, redacted_by"
                    " FROM events WHERE seq = ?1"),
      select_place_(db, "SELECT depth, position, judged FROM events WHERE seq = ?1"),
      select_for_auth_(
        db, "SELECT judged, state_group_before, state_group_after, position, event_id, json, redacted_by FROM events"
            " WHERE room = ?1 AND for_auth = 1 ORDER BY seq"),
      select_group_(db, "SELECT base, entries FROM state_groups WHERE key = ?1"),
      select_inbox_(db, "SELECT event_id, origin, pdu, received_ts FROM inbox WHERE room = ?1 ORDER BY seq"),
      list_rooms_(
        db, "SELECT room_id, chat_room_id, room_version, type, phase, events, forward_extremities,"
            " (SELECT count(*) FROM inbox WHERE inbox.room = rooms.room) FROM rooms WHERE known = 1 ORDER BY room"),
      invitations_of_room_(db, CAUSEWAY_INVITATION_COLUMNS "WHERE i.room = ?1 ORDER BY i.seq"),
      invitations_of_user_(db, CAUSEWAY_INVITATION_COLUMNS "WHERE i.user_id = ?1 ORDER BY i.seq"),
      all_invitations_(db, CAUSEWAY_INVITATION_COLUMNS "ORDER BY i.seq"),
      one_invitation_(db, CAUSEWAY_INVITATION_COLUMNS "WHERE i.room = ?1 AND i.user_id = ?2"),
      select_destination_(
        db, "SELECT transaction_id, transaction_ts, transaction_pdus, transaction_edus, failures, first_failure_ts,"
            " retry_at_ts, last_fault FROM destinations WHERE server = ?1"),
      // CROSS JOIN keeps the order of the loops: the queue leads, so LIMIT stops early.
      select_queued_(
        db, "SELECT e.judged, e.state_group_before, e.state_group_after, e.position, e.event_id, e.json, r.room_version"
            " FROM destination_pdus d CROSS JOIN events e ON e.seq = coalesce(d.event, d.key & 1099511627775)"
            " CROSS JOIN rooms r ON r.room = e.room WHERE d.key BETWEEN ?1 AND ?2 ORDER BY d.key LIMIT ?3"),
      select_newest_queued_(
        db, "SELECT e.judged, e.state_group_before, e.state_group_after, e.position, e.event_id, e.json, r.room_version"
            " FROM (SELECT max(q.key) AS newest FROM destination_pdus q CROSS JOIN events x"
            " ON x.seq = coalesce(q.event, q.key & 1099511627775) WHERE q.key BETWEEN ?1 AND ?2 GROUP BY x.room) h"
            " CROSS JOIN destination_pdus d ON d.key = h.newest"
            " CROSS JOIN events e ON e.seq = coalesce(d.event, d.key & 1099511627775)"
            " CROSS JOIN rooms r ON r.room = e.room ORDER BY d.key DESC LIMIT ?3"),
      select_keys_(db, "SELECT keys, fetched_ts, document FROM server_keys WHERE server = ?1"),
      select_received_(db, "SELECT response FROM received_transactions WHERE server = ?1 AND transaction_id = ?2"),
      select_command_(db, "SELECT command_id, command_name, succeeded, body, ts FROM command_results WHERE seq = ?1"),
      select_outbox_(db, "SELECT key, name, body FROM outbox WHERE key > ?1 AND key <= ?2 ORDER BY key LIMIT ?3"),
      select_stream_(db, "SELECT head, acknowledged FROM streams WHERE stream = ?1"),
      first_outbox_(db, "SELECT key FROM outbox WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT 1"),
      select_binding_(db, "SELECT event_id, chat_message_id, room FROM bindings WHERE seq = ?1"),
      select_chat_room_(db, "SELECT chat_room_id FROM rooms WHERE room = ?1"),
      select_user_(db, "SELECT user_id, chat_name, display_name, avatar_url FROM users WHERE user_id = ?1"),
      // A room has work left when events are staged, history or members of a join are still to be fetched, or a redaction has not
      // met its target.
      directory_rooms_(
        db,
        "SELECT room_id, chat_room_id, room_version, phase,"
        " EXISTS(SELECT 1 FROM inbox WHERE inbox.room = rooms.room) OR (phase = 0 AND (history_from <> '' OR members_omitted <> ''))"
        " OR EXISTS(SELECT 1 FROM held_redactions h WHERE h.room = rooms.room AND h.looked_up = 0), listing"
        " FROM rooms WHERE known = 1 OR chat_room_id <> '' ORDER BY room"),
      next_queued_(db, "SELECT key FROM destination_pdus WHERE key >= ?1 ORDER BY key LIMIT 1"),
      servers_in_flight_(db, "SELECT server FROM destinations WHERE transaction_id <> ''"),
      directory_invitations_(
        db, "SELECT r.room_id, i.user_id FROM invitations i JOIN rooms r ON r.room = i.room"
            " WHERE i.deadline_ts <> 0 OR i.pending_request <> '' OR i.state = 'revoked_unconfirmed' ORDER BY i.seq"),
      directory_users_(db, "SELECT user_id, chat_name, display_name, avatar_url FROM users ORDER BY seq"),
      known_rooms_(db, "SELECT room_id FROM rooms WHERE known = 1"),
      known_invitations_(db, "SELECT r.room_id, i.user_id FROM invitations i JOIN rooms r ON r.room = i.room"),
      known_servers_(
        db,
        "SELECT s.name FROM server_keys k JOIN servers s ON s.server = k.server ORDER BY k.fetched_ts DESC LIMIT ?1"),
      list_destinations_(db,
                         "SELECT s.server, s.name FROM servers s WHERE s.server IN (SELECT server FROM destinations)"
                         " OR EXISTS(SELECT 1 FROM destination_pdus WHERE key BETWEEN s.server << 40"
                         " AND (s.server << 40) + 1099511627775) ORDER BY s.server"),
      count_queued_(db, "SELECT count(*) FROM destination_pdus WHERE key BETWEEN ?1 AND ?2"),
      oldest_queued_(
        db,
        "SELECT e.origin_server_ts FROM destination_pdus d CROSS JOIN events e"
        " ON e.seq = coalesce(d.event, d.key & 1099511627775) WHERE d.key BETWEEN ?1 AND ?2 ORDER BY d.key LIMIT 1"),
      select_refused_(
        db,
        "SELECT key, event_id, room_id, type, reason, ts FROM refused_pdus WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC"),
      count_refused_(db, "SELECT key FROM refused_pdus WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1"),
      select_redaction_(
        db,
        "SELECT judged, state_group_before, state_group_after, position, event_id, json FROM events WHERE seq = ?1"),
      select_held_redactions_(
        db, "SELECT redaction_event_id, target_event_id, sender, by_power, looked_up FROM held_redactions"
            " WHERE room = ?1 ORDER BY seq") {
  static_assert(packed_low_max == 1099511627775, "the statements above spell it out");
}

#undef CAUSEWAY_INVITATION_COLUMNS

answer questions::ask(const query& question) {
  names_.refresh();
  try {
    snapshot one{begin_, end_};
    return std::visit([this](const auto& x) { return on(x); }, question);
  } catch (const error& failed) {
    return to_fault(failed);
  } catch (const std::exception& failed) {
    return fault{fault_code::internal, failed.what()};
  }
}

std::vector<std::string> questions::strings(std::string_view bytes) {
  auto all = decode_strings(bytes);
  if (!all) throw error{SQLITE_CORRUPT, all.error().detail};
  return *std::move(all);
}

const matrix::room_version_rules& known_version(std::string_view room_version) {
  const auto* rules = matrix::find_room_version(room_version);
  if (!rules)
    throw error{SQLITE_CORRUPT, "stored events of unknown room version \"" + std::string{room_version} + "\""};
  return *rules;
}

stored_event read_event(const cursor& row, int column, const matrix::room_version_rules& rules) {
  stored_event x;
  x.judged = static_cast<verdict>(row.integer(column));
  x.state_group_before = row.integer(column + 1);
  x.state_group_after = row.integer(column + 2);
  x.position = row.integer(column + 3);
  // What is stored was let in once: the counts were decided then.
  auto parsed = matrix::parse_event(row.text(column + 5), rules, matrix::count_policy::unbounded);
  if (!parsed) throw error{SQLITE_CORRUPT, "stored event " + row.string(column + 4) + ": " + to_string(parsed.error())};
  if ((*parsed)->event_id != row.text(column + 4))
    throw error{SQLITE_CORRUPT, "stored event " + row.string(column + 4) + " hashes to " + (*parsed)->event_id};
  x.event = *std::move(parsed);
  return x;
}

} // namespace causeway::store::sqlite
