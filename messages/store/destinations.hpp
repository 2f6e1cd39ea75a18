#pragma once
#include "messages/matrix/event.hpp"
#include "messages/matrix/signing.hpp"
#include "messages/store/bounds.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Other servers: what is queued for them, what came from them, their keys.
namespace causeway::store {

/// A PDU owed to a server. Kept until `remove_destination_pdus`; order of insertion is order of sending.
struct queue_pdu {
  std::string server_name;
  std::string event_id; ///< must be stored
};
struct remove_destination_pdus {
  std::string server_name;
  std::vector<std::string> event_ids;
};

/// A PDU owed to further servers, to which it is not queued yet: the room does that in parts (actors/room/fan_out.hpp).
/// Keyed by room and number.
struct put_fan_out {
  std::string room_id;
  std::int64_t number = 0; ///< within the room, from 1: the order in which the parts are queued
  std::string event_id;    ///< must be stored
  std::vector<std::string> servers;
};

/// Its servers have it in their queues.
struct remove_fan_out {
  std::string room_id;
  std::int64_t number = 0;
};

/// The transaction in flight and the back-off of a destination; replaced as a whole.
struct put_destination {
  std::string server_name;
  std::string transaction_id;                ///< empty: none in flight
  std::int64_t transaction_ts = 0;           ///< origin_server_ts of its body
  std::vector<std::string> transaction_pdus; ///< event ids in order
  std::vector<std::string> transaction_edus; ///< JSON texts
  std::uint32_t failures = 0;
  std::int64_t first_failure_ts = 0; ///< 0: healthy
  std::int64_t retry_at_ts = 0;      ///< 0: now
  std::string last_fault;
  /// The message whose delay the chat server was notified of, until it is delivered or refused; empty: none.
  std::string delayed_event_id;
  /// The operator has paused the server: nothing is sent to it until they end that. 0: not paused.
  std::int64_t paused_since_ts = 0;
  std::string pause_reason; ///< in the operator's words
};

/// A PDU that its server refuses for good, by itself: it is not sent any more. Kept for the operator, the latest ones
/// of a server.
struct put_refused_pdu {
  std::string server_name, event_id, room_id, type;
  std::string reason;  ///< of the refusal
  std::int64_t ts = 0; ///< of the last refusal
};

/// Refused PDUs kept of one server; the oldest go first.
inline constexpr std::size_t refused_pdus_kept_max = 100;

/// Our answer to a received transaction, for its repetition. Kept >= 24 h.
struct put_received_transaction {
  std::string origin, transaction_id, response;
  std::int64_t ts = 0;
};
struct put_server_keys {
  std::string server_name;
  matrix::verify_keys keys;
  std::int64_t fetched_ts = 0;
  std::string
    documents; ///< what the server said of them, as it signed it, the latest first: a JSON array; empty: none are kept
};

/// Bound: `limit` and `bytes_max`, beside them the transaction in flight and `refused_pdus_kept_max`.
struct load_destination {
  std::string server_name;
  std::size_t limit = 1'000;
  bool newest_per_room =
    false; ///< of each room the newest queued PDU only; those of the latest rooms where `limit` is not enough
  std::size_t bytes_max = std::size_t{64} * 1024 * 1024; ///< JSON of the queued PDUs; the first one always fits
};
struct destination_loaded {
  struct names {
    std::string chat_room_id, chat_message_id;
  };
  put_destination destination;              ///< defaulted when unknown
  std::vector<matrix::event_ptr> pdus;      ///< the oldest `limit` queued, in order
  bool more = false;                        ///< others wait in the store
  std::vector<matrix::event_ptr> in_flight; ///< of the transaction under way those that are not among `pdus`
  put_server_keys keys;                     ///< empty when none are known
  std::vector<put_refused_pdu> refused;     ///< the latest first
  std::int64_t refused_count = 0;           ///< all there ever were
  std::map<std::string, names>
    names_of; ///< event id -> what the chat server calls its room and it; of the messages above that it has named
};
struct find_received_transaction {
  std::string origin, transaction_id;
};
struct received_transaction_found {
  std::optional<std::string> response;
};

/// What is kept of the keys of these servers, for whoever asks us as a notary. Bound: the servers asked for.
struct load_key_documents {
  std::vector<std::string> servers;
};
struct key_documents_loaded {
  std::map<std::string, std::string>
    documents; ///< server -> put_server_keys::documents; servers of which there are none are left out
};
struct destination_summary {
  put_destination destination;
  std::int64_t queued = 0;
  std::int64_t oldest_queued_ts = 0; ///< origin_server_ts of the oldest queued event
  std::int64_t refused = 0;          ///< events set aside because the server refuses them
};

/// Those that fail first, those that fail longest before the others. Bound: `limit`.
struct list_destinations {
  std::string server_name = {}; ///< set: only this one
  std::size_t limit = rows_max;
  std::optional<std::string> after = {}; ///< set: in order of their names, those behind this one
};
struct destinations_listed {
  std::vector<destination_summary> destinations;
};

} // namespace causeway::store
