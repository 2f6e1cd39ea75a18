#pragma once
#include "messages/matrix/json.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// What the operator sees, one struct per list. Each row names its fields once, with the sentence that explains it: the
/// JSON, the table's columns and `--explain` all come from `fields`. Times end in `_ts` (milliseconds since 1970; 0:
/// not set).
namespace causeway::admin {

/// One room.
struct room_row {
  std::string room_id, chat_room_id, type, room_version, phase;
  std::int64_t events = 0, extremities = 0, staged = 0;
  std::string waits_for;

  template <class F>
  void fields(F& f) {
    f("room_id", room_id, "Matrix id of the room.");
    f("chat_room_id", chat_room_id, "The chat server's id of the room; empty when it has bound none.");
    f("type", type, "dm, group_dm or channel.");
    f("room_version", room_version, "Matrix room version.");
    f("phase", phase, "joined: we take part; left: no local member. It says so too while somebody joins again.");
    f("events", events, "Stored events.");
    f("extremities", extremities,
      "Ends of the event graph; more than one: servers wrote at the same time, the next event joins them.");
    f("staged", staged, "Received events that wait, for others or for a key.");
    f("waits_for", waits_for, "What the room waits for, in words; empty: nothing.");
  }
};

/// One other homeserver.
struct server_row {
  std::string server_name, state;
  std::int64_t queued = 0, oldest_waiting_ts = 0, failures = 0, first_failure_ts = 0, retry_at_ts = 0;
  std::string in_flight;
  std::int64_t in_flight_pdus = 0, in_flight_edus = 0, invitations = 0, refused = 0;
  std::string last_fault, waits_for;
  std::int64_t paused_since_ts = 0;
  std::string pause_reason;

  template <class F>
  void fields(F& f) {
    f("server_name", server_name, "Name of the server.");
    f("state", state,
      "healthy: nothing waits; sending: a transaction is under way; waiting: events or invitations wait to be sent; "
      "backing_off: "
      "the last attempt failed; never_contacted: the same, and it has never answered anything (told by `server show` "
      "only); paused: the operator wants nothing to be sent to it; excluded: we do not federate "
      "with it (allow_servers, deny_servers, enabled of [federation], or what the "
      "chat server has set by federation.configure).");
    f("queued", queued, "Events owed to it, those in flight included.");
    f("oldest_waiting_ts", oldest_waiting_ts, "When the oldest of them was written.");
    f("failures", failures, "Failed attempts since the last success.");
    f("first_failure_ts", first_failure_ts, "When that began.");
    f("retry_at_ts", retry_at_ts, "When the next attempt is due.");
    f("in_flight", in_flight,
      "Id of the transaction under way, or that will be repeated until it is answered with 200.");
    f("in_flight_pdus", in_flight_pdus, "Events in it.");
    f("in_flight_edus", in_flight_edus, "Ephemeral items in it.");
    f("invitations", invitations, "Invitations and knocks it has still to be told or asked about.");
    f("last_fault", last_fault, "Why the last attempt failed.");
    f("refused", refused,
      "Events that are not sent to it any more, because it takes others and refuses these; `server show` lists the "
      "latest.");
    f("paused_since_ts", paused_since_ts, "When the operator has paused it; 0: it is not paused.");
    f("pause_reason", pause_reason, "Why, in their words.");
    f("waits_for", waits_for, "What its messages and invitations wait for, in words; empty: nothing waits.");
  }
};

/// One invitation or knock.
struct invite_row {
  std::string room_id, chat_room_id, user_id, direction, state, inviter, reason, pending_request, via, last_fault;
  std::int64_t since_ts = 0, deadline_ts = 0, attempts = 0, retry_at_ts = 0;
  std::string waits_for;

  template <class F>
  void fields(F& f) {
    f("room_id", room_id, "Matrix id of the room.");
    f("chat_room_id", chat_room_id, "The chat server's id of the room, as far as known.");
    f("user_id", user_id, "Who is invited, or knocks.");
    f("direction", direction,
      "outgoing: one of ours invited; incoming: one of ours is invited; knock: one of ours asks to be let in.");
    f("state", state, "sending, pending, accepted, rejected, revoked, revoked_unconfirmed, expired, failed or banned.");
    f("since_ts", since_ts, "When it came into this state.");
    f("inviter", inviter, "Who invited; of a knock: who knocks, then who answered.");
    f("deadline_ts", deadline_ts, "When it ends by itself; 0: never.");
    f("pending_request", pending_request,
      "What we still have to tell or ask the other server: invite, leave, rescind (the revocation once more), knock, "
      "join, or ask (whether a knock "
      "still stands); tell: the chat server, as soon as the inviting server may invite again; empty: nothing.");
    f("via", via, "Of a knock: servers of the room it goes to; the first is the one that took it.");
    f("attempts", attempts, "Attempts to tell it.");
    f("retry_at_ts", retry_at_ts, "When the next attempt is due.");
    f("last_fault", last_fault, "Why the last attempt failed.");
    f("reason", reason, "Why it failed or was ended.");
    f("waits_for", waits_for, "What it waits for, in words; empty: it is over.");
  }
};

/// One notification that the chat server has refused for good.
struct dead_letter_row {
  std::string id, event, room_id, event_id, reason;
  std::int64_t bytes = 0, refused_ts = 0;

  template <class F>
  void fields(F& f) {
    f("id", id, "For `dead-letters retry` and `dead-letters drop`: the stream, and its cursor there.");
    f("event", event, "Name of the notification.");
    f("room_id", room_id, "Its room, where it has one.");
    f("event_id", event_id, "Its event, where it has one.");
    f("reason", reason, "Why, in the chat server's words.");
    f("bytes", bytes, "Size of its body.");
    f("refused_ts", refused_ts, "When it was refused.");
  }
};

/// One actor in memory. Filled by whoever supervises it.
struct actor_row {
  std::string kind, key, phase;
  std::int64_t since_ts = 0, handled = 0, mailbox = 0, failures = 0;
  std::string last_fault;
  std::int64_t oldest_waiting_ts = 0, handling_us = 0, retry_at_ts = 0;

  template <class F>
  void fields(F& f) {
    f("kind", kind, "room, remote_server, invitation, session, directory, verifier, ...");
    f("key", key, "Which one: room id, server name, room id|user id, peer name.");
    f("phase", phase,
      "running; wanted: it is made in a moment, others have their turn before; restarting: it failed and is rebuilt "
      "from "
      "the store; parked: it failed too often; it is tried again after supervisor.restart_window_s, commands for it "
      "are refused until then, other input is kept up to supervisor.parked_input_max messages.");
    f("since_ts", since_ts, "When it was made.");
    f("handled", handled, "Messages it has handled.");
    f("mailbox", mailbox, "Messages that wait for it.");
    f("oldest_waiting_ts", oldest_waiting_ts,
      "When the oldest of them came; up to twice as long ago as it was while the actor goes on working.");
    f("handling_us", handling_us, "Microseconds it has spent on messages since it was made.");
    f("failures", failures, "Failures within the restart window.");
    f("retry_at_ts", retry_at_ts, "When one that is parked is tried again; 0: it is not parked.");
    f("last_fault", last_fault, "Why it failed last.");
  }
};

/// A server that has not been told yet how far our users have read. Filled by the receipts actor
/// (actors/receipts/debts.cpp).
struct receipt_debt_row {
  std::string server;
  std::int64_t since_change = 0, under_way = 0, failures = 0, due_ts = 0;

  template <class F>
  void fields(F& f) {
    f("server", server, "Name of the server.");
    f("since_change", since_change, "It knows all markers up to the one of this number.");
    f("under_way", under_way, "EDUs that it has got, or not yet.");
    f("failures", failures, "How often they were dropped since the last that arrived: it is down, or refuses them.");
    f("due_ts", due_ts, "When the next are made; with some under way: when these are given up.");
  }
};

/// Something that is wrong with the broker as a whole, as long as it is. Filled by the node.
struct alarm_row {
  std::string name, what;
  std::int64_t since_ts = 0, times = 0;

  template <class F>
  void fields(F& f) {
    f("name", name,
      "clock: nothing is signed, or other servers' dates differ from ours; store: it does not write; media: files of "
      "messages cannot be kept; limits: the process may use less than it is configured for.");
    f("since_ts", since_ts, "When that began.");
    f("times", times, "How often it has begun since the start.");
    f("what", what, "What is wrong and what to do.");
  }
};

/// One thing the operator has changed, or tried to.
struct audit_row {
  std::int64_t ts = 0;
  std::string peer, by, verb, arguments, reason, outcome;

  template <class F>
  void fields(F& f) {
    f("ts", ts, "When it was asked for.");
    f("peer", peer, "Which peer of the configuration asked; local: whoever may open the local socket.");
    f("by", by, "Login name, as that peer said; empty: it said none.");
    f("verb", verb, "What was asked for.");
    f("arguments", arguments, "With what.");
    f("reason", reason, "Why, in their words.");
    f("outcome", outcome, "done; the fault it ended with; begun: it was told to the actors, and the broker ended.");
  }
};

/// One node of those that share the store: a process from its start to its end.
struct node_row {
  std::string name, state, version, endpoints, incarnation, may_stop, owns;
  std::int64_t lease_left_ms = 0, shards = 0, epoch = 0, schema = 0;

  template <class F>
  void fields(F& f) {
    f("name", name, "node.name, or what its machine is called.");
    f("state", state,
      "active: it serves; standby: it waits for its turn; drained: it waits, and leaves its turn to others; left: it "
      "ended; dead: another one found it gone. Rows are kept for a day.");
    f("version", version, "Of Causeway.");
    f("endpoints", endpoints,
      "Where it listens when it serves, as it is configured; empty: it has just taken its turn, and does not listen "
      "yet. gateway= and chat=: where nodes that stand by pass requests of other servers, and chat servers, on to; "
      "forwards: it stands by and does so.");
    f("incarnation", incarnation, "Names this process among all there were, 12 hexadecimal digits.");
    f("may_stop", may_stop, "Whether it may be stopped now; empty: it is gone.");
    f("lease_left_ms", lease_left_ms,
      "For how long it counts as alive without a word, milliseconds; negative: since so long it does not.");
    f("shards", shards, "Parts of the store it owns: 256, or none.");
    f("epoch", epoch, "Counts the changes of owners, of what it owns: the greatest of its shards.");
    f("owns", owns, "Which shards it owns, and the epoch of each, such as 0-255 epoch 7; empty: none.");
    f("schema", schema, "The newest schema of the store that it knows; 0: it does not say.");
  }
};

/// One shard of the store: what has one owner.
struct shard_row {
  std::int64_t shard = 0, epoch = 0, rooms = 0;
  std::string owner, incarnation;

  template <class F>
  void fields(F& f) {
    f("shard", shard, "0 to 255: of a room, by the hash of its id.");
    f("owner", owner, "The node that has it; empty: none has, as where the store is a file.");
    f("incarnation", incarnation, "Names the process of that node, 12 hexadecimal digits; empty: none.");
    f("epoch", epoch, "Counts its owners.");
    f("rooms", rooms, "Rooms in it that we take part in, or did.");
  }
};

/// Who served a shared store, and for how long.
struct term_row {
  std::string name, version, why, incarnation;
  std::int64_t from_ts = 0, until_ts = 0, gap_ms = 0;

  template <class F>
  void fields(F& f) {
    f("name", name, "node.name, or what its machine is called.");
    f("version", version, "Of Causeway.");
    f("why", why, "Why it ended; empty: it serves.");
    f("incarnation", incarnation, "Names this process among all there were, 12 hexadecimal digits.");
    f("from_ts", from_ts, "When it took the store.");
    f("until_ts", until_ts,
      "When it left it; of one that ended without a word its last sign of life, at most a second before; 0: it "
      "serves.");
    f("gap_ms", gap_ms, "For how long nobody had the store before, milliseconds; 0: not known.");
  }
};

/// One TLS certificate of ours.
struct certificate_row {
  std::string file, problem;
  std::int64_t not_after_ts = 0;

  template <class F>
  void fields(F& f) {
    f("file", file, "Where it is.");
    f("not_after_ts", not_after_ts, "When it expires; 0: it cannot be read.");
    f("problem", problem, "Why other servers will refuse it, and what to do; empty: they will not.");
  }
};

/// One thing that monitoring looks at (`check`).
struct check_row {
  std::string name, state, what, fix;

  template <class F>
  void fields(F& f) {
    f("name", name, "live, store, edge, keys, certificates, backlog or clock.");
    f("state", state, "ok, warning, critical, or unknown: it could not be found out in time.");
    f("what", what, "What is the case.");
    f("do", fix, "What to do about it; empty: nothing.");
  }
};

/// One thing that was found about a server from outside (`doctor`).
struct finding_row {
  std::string severity, what, fix;

  template <class F>
  void fields(F& f) {
    f("severity", severity, "critical: it cannot federate, or soon cannot; warning; info: worth knowing.");
    f("what", what, "What was found.");
    f("fix", fix, "What whoever runs that server can do.");
  }
};

/// One step on the way to a server (`server probe`).
struct phase_row {
  std::string phase, what, result, detail;
  std::int64_t ms = 0;

  template <class F>
  void fields(F& f) {
    f("phase", phase, "well-known, SRV, DNS, TCP, TLS, keys, version or signature.");
    f("what", what, "A name, or the address.");
    f("ms", ms, "How long it took.");
    f("result", result, "ok or failed.");
    f("detail", detail, "What came of it.");
  }
};

/// One verify key.
struct key_row {
  std::string server_name, key_id, public_key;
  bool ours = false, old = false;
  std::int64_t valid_until_ts = 0;

  template <class F>
  void fields(F& f) {
    f("server_name", server_name, "Whose key it is.");
    f("key_id", key_id, "Its id.");
    f("public_key", public_key, "Unpadded base64.");
    f("ours", ours, "We sign with it.");
    f("old", old, "Its server no longer signs with it: it was retired, or another key stands under its id now.");
    f("valid_until_ts", valid_until_ts, "Until when it may be used without asking again; 0: ours, without end.");
  }
};

/// One member of a room (`room show`).
struct member_row {
  std::string user_id, membership, display_name, reason, by;
  std::int64_t since_ts = 0;

  template <class F>
  void fields(F& f) {
    f("user_id", user_id, "Matrix id of the user.");
    f("membership", membership, "join, invite, knock, leave or ban.");
    f("display_name", display_name, "What the user calls themselves.");
    f("by", by, "Who made the change.");
    f("reason", reason, "The reason given.");
    f("since_ts", since_ts, "When, by the word of the server that wrote it.");
  }
};

/// One event of a graph head or queue (`room show`, `server show`).
struct event_row {
  std::string event_id, room_id, type, sender;
  std::int64_t depth = 0, written_ts = 0;

  template <class F>
  void fields(F& f) {
    f("event_id", event_id, "Its id.");
    f("room_id", room_id, "Its room.");
    f("type", type, "Its type.");
    f("sender", sender, "Who wrote it.");
    f("depth", depth, "Its depth in the graph.");
    f("written_ts", written_ts, "When it was written, by the word of its server.");
  }
};

/// One event that a server refuses (`server show`).
struct refused_row {
  std::string event_id, room_id, type, reason;
  std::int64_t refused_ts = 0;

  template <class F>
  void fields(F& f) {
    f("event_id", event_id, "Its id.");
    f("room_id", room_id, "Its room.");
    f("type", type, "Its type.");
    f("reason", reason, "What the server answered to it alone.");
    f("refused_ts", refused_ts, "When it was set aside.");
  }
};

/// One received event that waits for others (`room show`).
struct staged_row {
  std::string event_id, origin;
  std::int64_t received_ts = 0;
  std::string waits_for;

  template <class F>
  void fields(F& f) {
    f("event_id", event_id, "Its id.");
    f("origin", origin, "Which server sent it.");
    f("received_ts", received_ts, "When it came.");
    f("waits_for", waits_for,
      "For what: events that it cites and that are missing or wait themselves, or the key of a server; empty: not "
      "known.");
  }
};

/// One event of another server that waits for others (`server show`).
struct staged_in_row {
  std::string room_id, event_id;
  std::int64_t received_ts = 0;
  std::string waits_for;

  template <class F>
  void fields(F& f) {
    f("room_id", room_id, "The room that keeps it.");
    f("event_id", event_id, "Its id.");
    f("received_ts", received_ts, "When it came.");
    f("waits_for", waits_for,
      "For what: events that it cites and that are missing or wait themselves, or the key of a server; empty: not "
      "known.");
  }
};

/// One room that we share with a server (`server show`).
struct shared_row {
  std::string room_id, chat_room_id;

  template <class F>
  void fields(F& f) {
    f("room_id", room_id, "Matrix id of the room.");
    f("chat_room_id", chat_room_id, "The chat server's id of it; empty when it has bound none.");
  }
};

/// One error between us and another server (`server show`). Kept by its actor (actors/remote_server/error_ring.hpp).
struct error_row {
  std::int64_t ts = 0;
  std::string phase, text;

  template <class F>
  void fields(F& f) {
    f("ts", ts, "When.");
    f("phase", phase, "Where: well-known, DNS, TCP, TLS, HTTP, signature, body, or gateway: it was not tried.");
    f("text", text, "What went wrong.");
  }
};

/// Name and sentence of a field, for tables and `--explain`.
struct column {
  std::string_view name, doc;
};

namespace detail {
/// JSON of what the world gave us: bytes that are no UTF-8 become '?'.
matrix::json::value to_value(const std::string& x);
inline matrix::json::value to_value(std::int64_t x) { return x; }
inline matrix::json::value to_value(bool x) { return x; }

struct json_of {
  matrix::json::object out;
  template <class T>
  void operator()(std::string_view name, const T& x, std::string_view) {
    out.set(name, to_value(x));
  }
};
/// Appends a text as JSON writes it, quotes included.
void append_text(std::string& to, const std::string& x);

struct text_of {
  std::string out = "{";
  void operator()(std::string_view name, const std::string& x, std::string_view) { append_text(begin(name), x); }
  void operator()(std::string_view name, std::int64_t x, std::string_view) { begin(name) += std::to_string(x); }
  void operator()(std::string_view name, bool x, std::string_view) { begin(name) += x ? "true" : "false"; }

private:
  std::string& begin(std::string_view name) {
    if (out.size() > 1) out += ',';
    ((out += '"') += name) += "\":";
    return out;
  }
};
struct columns_of {
  std::vector<column> out;
  template <class T>
  void operator()(std::string_view name, const T&, std::string_view doc) {
    out.push_back({name, doc});
  }
};
} // namespace detail

/// Every field by name.
template <class Row>
matrix::json::object to_json(Row row) {
  detail::json_of f;
  row.fields(f);
  return std::move(f.out);
}

/// The same as text, in the order of the table: for many rows, without making a tree of each.
template <class Row>
std::string to_text(Row& row) {
  detail::text_of f;
  row.fields(f);
  return std::move(f.out) + '}';
}

template <class Row>
matrix::json::array to_json(const std::vector<Row>& rows) {
  matrix::json::array out;
  out.reserve(rows.size());
  for (const auto& x : rows) out.emplace_back(to_json(x));
  return out;
}

/// The fields of a row in the order of the table.
template <class Row>
std::vector<column> columns() {
  detail::columns_of f;
  Row row;
  row.fields(f);
  return std::move(f.out);
}

/// The first of many actors.
struct actors_request {
  std::string column; ///< by which: one of actor_row, or a rate (actors/supervisor/ranking.hpp)
  bool descending = false;
  std::string filter; ///< a text that they hold; empty: all
  std::size_t limit = 0;
  std::string phase = {}; ///< only those that are in it; empty: all
};
struct actors_ranked {
  std::vector<actor_row> rows;
  std::size_t total = 0;                      ///< that the filter lets through
  std::map<std::string, std::int64_t> phases; ///< how many of these are in which
};

} // namespace causeway::admin
