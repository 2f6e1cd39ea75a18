#pragma once
#include "plugin/admin/rows.hpp"

#include <cstdint>
#include <string>

/// What `why`, `edge` and `streams` list. As in rows.hpp each field is named once, with its sentence.
namespace causeway::admin {

/// One hop of an event on its way through the node.
struct hop_row {
  std::int64_t at_ts = 0, since_previous_ms = 0;
  std::string actor, node, stage, event_id, server, transaction;
  std::int64_t attempt = 0;
  std::string phase, answer, trace;

  template <class F>
  void fields(F& f) {
    f("at_ts", at_ts, "When.");
    f("since_previous_ms", since_previous_ms, "So long after the hop before it.");
    f("actor", actor, "Where: kind and key of the actor, or the border (edge, gateway).");
    f("node", node, "On which node.");
    f("stage", stage, "How far it has come there.");
    f("event_id", event_id, "Its event; empty: all that came under the same trace.");
    f("server", server, "The other homeserver, where one is concerned.");
    f("transaction", transaction, "Id of the transaction, ours or the other server's.");
    f("attempt", attempt, "Which attempt, from 1; 0: attempts are not counted there.");
    f("phase", phase, "What an attempt failed in: well-known, DNS, TCP, TLS, HTTP, signature or body.");
    f("answer", answer, "What was answered, or the verdict.");
    f("trace", trace, "Under this the log has it.");
  }
};

/// One server an event of ours goes to, or went.
struct event_server_row {
  std::string server_name, state;
  std::int64_t attempts = 0, first_failure_ts = 0, retry_at_ts = 0;
  std::string phase, last_fault;
  std::int64_t before = 0;
  std::string first_event_id, transaction;
  std::int64_t sent_ts = 0, delivered_ts = 0;
  std::string excluded;
  std::int64_t paused_since_ts = 0;

  template <class F>
  void fields(F& f) {
    f("server_name", server_name, "Name of the server.");
    f("state", state,
      "delivered: it has answered 200; in_flight: in the transaction that it has not answered; queued: behind others, "
      "or the server is in back-off; refused: it takes others and refuses this one.");
    f("attempts", attempts, "Attempts to deliver it, as far as known; of one that is owed those that failed in a row.");
    f("first_failure_ts", first_failure_ts, "When that began.");
    f("retry_at_ts", retry_at_ts, "When the next attempt is due.");
    f("phase", phase, "What the last one failed in: well-known, DNS, TCP, TLS, HTTP, signature or body.");
    f("last_fault", last_fault, "Why.");
    f("before", before, "Events that stand before it in the queue; counted up to 1,000.");
    f("first_event_id", first_event_id, "The first of the queue.");
    f("transaction", transaction, "Id of the transaction it was or is in.");
    f("sent_ts", sent_ts, "When it was sent last.");
    f("delivered_ts", delivered_ts, "When the server has answered.");
    f("excluded", excluded, "Why we do not federate with the server; empty: we do.");
    f("paused_since_ts", paused_since_ts, "When the operator has paused the server; 0: it is not paused.");
  }
};

/// A received event that is not in the graph yet.
struct arrival_row {
  std::string origin;
  std::int64_t received_ts = 0;
  std::string phase, key_server, key_ids, keys_known, key_fault, asked;
  std::int64_t rounds = 0, missing = 0, attempts = 0, retry_ts = 0, give_up_ts = 0;

  template <class F>
  void fields(F& f) {
    f("origin", origin, "Which server sent it.");
    f("received_ts", received_ts, "When it was staged.");
    f("phase", phase, "What the room does about it: verifying, waiting_for_keys, gathering, waiting_for_parents, ...");
    f("key_server", key_server, "Whose key it is signed with.");
    f("key_ids", key_ids, "Ids of the keys that it is signed with and that are not known.");
    f("keys_known", keys_known, "Ids of the keys that this server publishes, as far as known.");
    f("key_fault", key_fault, "Why that key could not be had.");
    f("missing", missing, "Events that it cites and that we do not have.");
    f("asked", asked, "Which server is asked for them now.");
    f("rounds", rounds, "Answers that led further, in the attempt under way.");
    f("attempts", attempts, "Attempts to get them: those that failed, and the one under way.");
    f("retry_ts", retry_ts, "When the key, or they, are asked for again.");
    f("give_up_ts", give_up_ts, "When the event is given up.");
  }
};

/// The notification of the chat server about an event.
struct notification_row {
  std::string state, name, peer;
  std::int64_t stream = -1, cursor = 0, acknowledged = 0, head = 0, in_flight = 0, paused_ms = 0;
  std::int64_t unacknowledged_ms = 0;
  std::string reason;

  template <class F>
  void fields(F& f) {
    f("state", state,
      "acknowledged: the chat server has it, or it never got one; sent: it has not acknowledged it; waiting: it was "
      "not sent; refused: it refused it for good.");
    f("name", name, "Its name.");
    f("stream", stream, "Its stream; -1: not known.");
    f("cursor", cursor, "Its place there.");
    f("acknowledged", acknowledged, "Up to there the chat server has acknowledged the stream.");
    f("head", head, "The newest of the stream.");
    f("in_flight", in_flight, "Notifications of the stream that were sent and are not acknowledged.");
    f("paused_ms", paused_ms, "So long the stream pauses after a NACK.");
    f("unacknowledged_ms", unacknowledged_ms,
      "So long ago the oldest of those was sent first; 0: all that was sent is acknowledged.");
    f("peer", peer, "Who gets the stream; empty: nobody.");
    f("reason", reason, "Why the chat server refused it.");
  }
};

/// One who is connected to the edge.
struct peer_row {
  std::string role, peer, version;
  std::int64_t credit_messages = 0, credit_bytes = 0, in_flight = 0, open_commands = 0, silent_ms = 0, lag = 0;
  std::int64_t unacknowledged_since_ts = 0;
  std::string streams, waits_for;

  template <class F>
  void fields(F& f) {
    f("role", role, "chat: a chat server; gateway: a gateway.");
    f("peer", peer, "Its name.");
    f("version", version, "Its software, as it says.");
    f("credit_messages", credit_messages, "Notifications that it will take now.");
    f("credit_bytes", credit_bytes, "And how many bytes of them.");
    f("in_flight", in_flight, "Notifications it has and has not acknowledged.");
    f("open_commands", open_commands, "Its commands without a RESULT.");
    f("streams", streams, "Streams it gets, each with how far it is behind: 0 (12).");
    f("lag", lag, "The sum of that.");
    f("unacknowledged_since_ts", unacknowledged_since_ts,
      "When the oldest notification that it has not acknowledged was sent first; 0: there is none.");
    f("silent_ms", silent_ms,
      "So long nothing was heard of it, not even an answer to a PING; up to edge.heartbeat_ms is usual and no fault.");
    f("waits_for", waits_for, "What is waited for of it, in words; empty: nothing.");
  }
};

/// One stream of notifications.
struct stream_row {
  std::int64_t stream = 0, head = 0, acked = 0, lag = 0, in_flight = 0, paused_ms = 0;
  std::int64_t unacknowledged_since_ts = 0;
  std::string peer, waits_for;

  template <class F>
  void fields(F& f) {
    f("stream", stream, "Its number.");
    f("head", head, "Cursor of its newest notification.");
    f("acked", acked, "Up to there the chat server has acknowledged it.");
    f("lag", lag, "Notifications that are not acknowledged.");
    f("in_flight", in_flight, "Those of them that were sent.");
    f("unacknowledged_since_ts", unacknowledged_since_ts,
      "When the oldest of those was sent first; 0: all that was sent is acknowledged.");
    f("paused_ms", paused_ms, "So long it pauses after a NACK.");
    f("peer", peer, "Who gets it; empty: nobody.");
    f("waits_for", waits_for, "What it waits for, in words; empty: nothing.");
  }
};

/// One message that a traced actor has handled.
struct traced_row {
  std::int64_t at_ts = 0;
  std::string message;
  std::int64_t took_us = 0;
  std::string effects, trace;

  template <class F>
  void fields(F& f) {
    f("at_ts", at_ts, "When it was handled.");
    f("message", message, "What it was.");
    f("took_us", took_us, "How long that took, microseconds.");
    f("effects", effects, "What the actor made of it: rows, messages, questions, timers, lines of the log.");
    f("trace", trace, "Under this the log has it.");
  }
};

} // namespace causeway::admin
