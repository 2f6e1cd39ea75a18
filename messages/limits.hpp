#pragma once
#include <cstddef>
#include <cstdint>

/// Every bound the network or a peer can run into, in one place.
/// Source of the Matrix figures: server-server-api ("Transactions", "Size limits"), client-server-api ("Size limits").
namespace causeway::limits {

inline constexpr std::size_t pdus_per_transaction_max = 50;
inline constexpr std::size_t edus_per_transaction_max = 100;
/// Canonical JSON of a whole event with signatures, bytes.
inline constexpr std::size_t event_bytes_max = 65'536;
/// `sender`, `room_id`, `event_id`, `state_key`, `type`: bytes each.
inline constexpr std::size_t identifier_bytes_max = 255;
inline constexpr std::size_t prev_events_max = 20;
inline constexpr std::size_t auth_events_max = 10;
/// Extremities a new event cites (room specification, "prev_events").
inline constexpr std::size_t prev_events_authored_max = 20;
/// Largest integer of canonical JSON: 2^53 - 1.
inline constexpr std::int64_t canonical_integer_max = 9'007'199'254'740'991;

/// Keys, current and old, in one server's answer to /key/v2/server: each costs a signature check.
inline constexpr std::size_t server_keys_max = 100;

/// Nesting of an event without `unsigned`, itself counted: what Synapse takes (125 lists in a member of the content),
/// and no more.
inline constexpr std::size_t event_depth_max = 127;
/// Nesting of a JSON document. An event is the deepest thing in one; around it are an answer, a list, `unsigned`.
inline constexpr std::size_t json_depth_max = 160;
static_assert(json_depth_max > event_depth_max + 16);
/// Values (of any kind) in one document; a transaction of 50 full events stays far below.
inline constexpr std::size_t json_values_max = 2'000'000;

/// Body of PUT /send as read from the socket, bytes: 50 full events, 100 EDUs and slack.
inline constexpr std::size_t transaction_bytes_max = 12 * 1024 * 1024;
/// PDUs of one outgoing transaction, bytes together, unless one alone is larger: some proxies in front of homeservers
/// take 1 MiB and no more.
inline constexpr std::size_t sent_pdus_bytes_max = 1000 * 1000;
/// Body of any other federation request, bytes.
inline constexpr std::size_t request_bytes_max = 1024 * 1024;
/// Body of POST /key/v2/query, which anybody may send: 100 servers with 16 keys each, bytes.
inline constexpr std::size_t key_query_bytes_max = 256 * 1024;
/// Body of a response we ask for (send_join of a large room is the largest), bytes.
inline constexpr std::size_t response_bytes_max = 256 * 1024 * 1024;

/// Part of a file in one frame to the chat server or from it, bytes.
inline constexpr std::size_t media_part_bytes_max = 512 * 1024;
/// Part of a body that the gateway asks the node for at once, bytes: what one streaming connection holds in memory.
inline constexpr std::size_t streamed_part_bytes_max = 256 * 1024;
/// Bytes of a streamed response that may be on their way from the gateway to the node.
inline constexpr std::size_t stream_window_bytes = 1024 * 1024;
/// A streamed response, bytes; above every bound that can be configured.
inline constexpr std::uint64_t streamed_response_bytes_max = std::uint64_t{8} * 1024 * 1024 * 1024;
/// `server_name/media_id` of an mxc URI: bytes of the media id.
inline constexpr std::size_t media_id_bytes_max = 255;

/// Content that a chat server may send in one event, bytes of canonical JSON; leaves head room for signatures.
inline constexpr std::size_t authored_content_bytes_max = 60 * 1024;
/// The same of an edit, whose event has the text twice: for those who know edits, and for all others.
inline constexpr std::size_t edited_content_bytes_max = 29 * 1024;

/// One message of the chat edge (all frames), bytes. A larger one is answered with ERROR too_large.
inline constexpr std::size_t chat_frame_bytes_max = 1024 * 1024;
/// One frame of the chat edge as ZeroMQ takes it (ZMQ_MAXMSGSIZE), bytes. A larger one ends the connection before
/// anything of it can be read, so nobody can be told why: far above the bound that is answered, and above a file of
/// `media.upload_bytes_max` by default.
inline constexpr std::size_t chat_transport_bytes_max = 64 * 1024 * 1024;
/// The same for the gateway edge: it carries whole federation bodies.
inline constexpr std::size_t gateway_frame_bytes_max = response_bytes_max + 64 * 1024;
/// A message of an actor to one on another node, bytes: the largest carries the answer of another server.
inline constexpr std::size_t crossing_bytes_max = response_bytes_max + 1024 * 1024;
/// Nesting of msgpack values on the edge.
inline constexpr std::size_t msgpack_depth_max = 32;
/// A command id (`id` of COMMAND), bytes.
inline constexpr std::size_t command_id_bytes_max = 128;

} // namespace causeway::limits
