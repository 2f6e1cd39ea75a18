#pragma once
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Headers of the chat contract, version 1: one struct per verb, one field per key of the msgpack map. Unknown keys are ignored.
/// Source: messages/chat/CONTRACT.md.
namespace causeway::edge {

/// Version of the contract this broker speaks.
inline constexpr std::uint32_t contract_version = 1;
/// A header, bytes. Far more than any header of the contract needs.
inline constexpr std::size_t header_bytes_max = 16 * 1024;
/// `reason` of NACK and BYE, bytes.
inline constexpr std::size_t reason_bytes_max = 1024;

/// What a receiver lets the sender send: messages, and bytes of their bodies.
struct credit_grant {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

struct hello_header {
  std::vector<std::uint32_t> versions;                ///< the peer can speak
  std::string client;                                 ///< software and version, for the operator
  std::string peer;                                   ///< name, for the operator; with CURVE that of the allow-list or empty
  std::optional<std::vector<std::uint32_t>> streams;  ///< wanted ones; absent: all; empty: none, commands only
  credit_grant credit;                                ///< for EVENTs
};
struct welcome_header {
  std::uint32_t version = contract_version;
  std::string broker;                                 ///< software and version
  std::string server_name;                            ///< Matrix server name of our users
  std::uint32_t streams = 1;                          ///< there are streams 0 .. streams-1
  std::map<std::string, std::int64_t> acked;          ///< stream, in decimal -> last acknowledged cursor, 0: none
  std::map<std::string, std::int64_t> heads;          ///< stream, in decimal -> highest cursor given, 0: none
  credit_grant command_credit;                        ///< commands that may be open on this connection
  std::uint32_t heartbeat_ms = 0;                     ///< the broker sends PING this often
  std::uint32_t peer_timeout_ms = 0;                  ///< silence after which either side counts as gone
};
struct command_header {
  std::string id;      ///< idempotency key, at most limits::command_id_bytes_max; empty (absent) only for ephemeral commands
  std::string command; ///< e.g. "message.send"
};
struct result_header {
  std::string id;
  bool ok = true;
  bool repeated = false; ///< the answer given to an earlier COMMAND of this id
  std::optional<std::vector<std::string>> ignored = {}; ///< fields of the COMMAND that the broker does not know; absent: none
};
struct event_header {
  std::optional<std::uint32_t> stream; ///< with `cursor`: durable; without both: ephemeral
  std::optional<std::int64_t> cursor;
  std::string event;                   ///< e.g. "message.received"
};
struct ack_header {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
};
struct nack_header {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
  bool permanent = false;
  std::string reason;
};
struct credit_header {
  credit_grant more;
};
/// PING and PONG: `t` comes back as it was sent.
struct ping_header {
  std::int64_t t = 0;
};
struct seek_header {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0; ///< the next event has a higher one
};
/// SEEK from the broker: answers each SEEK and each NACK that is not permanent, once. What comes after it on this stream begins
/// after `cursor`; what came before it, after the peer asked, is void.
struct sought_header {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
  bool granted = true; ///< false: an ERROR said why; the stream goes on after the last ACK
};
struct bye_header {
  std::string reason;                                 ///< words; `bye_stopping` where the broker ends
};
/// `reason` of the BYE of a broker that ends: connect again, it may come back at once.
inline constexpr const char* bye_stopping = "stopping";
struct error_header {
  std::optional<std::string> id;                      ///< of the COMMAND, where it could be read
  std::optional<std::uint32_t> stream;                ///< of the ACK, NACK or SEEK it answers
  std::optional<std::vector<std::uint32_t>> versions; ///< with unsupported_version: what this broker speaks
};

/// @returns fault bad_frame with the missing or wrong key, or too_large
/// Instantiated for the structs above.
template <class Header>
result<Header> decode_header(std::string_view bytes);
template <class Header>
std::string encode_header(const Header& x);

/// What an ERROR about a message of a peer names, as far as its header can be read: the id of a COMMAND, the stream of an ACK, NACK or SEEK.
error_header subject_of(verb what, std::string_view header);

/// An ERROR frame.
frame make_error(const fault& why, const error_header& about = {});

} // namespace causeway::edge
