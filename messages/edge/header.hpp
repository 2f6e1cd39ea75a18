#pragma once
#include "messages/edge/field.hpp"
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"
#include "messages/limits.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Headers of the chat contract, version 1: one struct per verb, one field per key of the msgpack map. Unknown keys are
/// ignored.
namespace causeway::edge {

/// Version of the contract this broker speaks.
inline constexpr std::uint32_t contract_version = 1;
/// A header, bytes. Far more than any header of the contract needs.
inline constexpr std::size_t header_bytes_max = 16 * 1024;
/// `reason` of NACK and BYE, bytes.
inline constexpr std::size_t reason_bytes_max = 1024;

/// What a receiver lets the sender send.
struct credit_grant {
  static constexpr const char* name = "credit";
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;

  static void fields(auto& f, auto& x) {
    f.required("messages", x.messages);
    f.required("bytes", x.bytes, "Of their bodies.");
  }
};

struct hello_header {
  std::vector<std::uint32_t> versions;
  std::string client;
  std::string peer;
  std::optional<std::vector<std::uint32_t>> streams;
  credit_grant credit;

  static void fields(auto& f, auto& x) {
    f.required("versions", x.versions, "Of the contract that the peer can speak: [1].");
    f.optional("client", x.client, "Software and version, for the operator.",
               {.bytes_max = limits::identifier_bytes_max});
    f.optional("peer", x.peer, "Name, for the operator; with CURVE that of the key, or left out.",
               {.bytes_max = limits::identifier_bytes_max});
    f.optional("streams", x.streams, "Those wanted; absent: all; empty: none, commands only.");
    f.required("credit", x.credit, "For EVENTs.");
  }
  std::optional<broken_rule> broken() const;
};

struct welcome_header {
  std::uint32_t version = contract_version;
  std::string broker;
  std::string server_name;
  std::uint32_t streams = 1;
  std::map<std::string, std::int64_t> acked;
  std::map<std::string, std::int64_t> heads;
  credit_grant command_credit;
  std::uint32_t heartbeat_ms = 0;
  std::uint32_t peer_timeout_ms = 0;

  static void fields(auto& f, auto& x) {
    f.required("version", x.version, "That both speak.");
    f.required("broker", x.broker, "Software and version.");
    f.required("server_name", x.server_name, "Matrix server name of your users.");
    f.required("streams", x.streams, "There are streams 0 to streams-1.");
    f.required("acked", x.acked, "Stream, in decimal -> last acknowledged cursor; 0: none.");
    f.required("heads", x.heads, "Stream, in decimal -> highest cursor given; 0: none.");
    f.required("command_credit", x.command_credit, "Commands that may be open on this connection.");
    f.required("heartbeat_ms", x.heartbeat_ms, "The broker sends PING this often.");
    f.required("peer_timeout_ms", x.peer_timeout_ms, "Silence after which either side counts as gone.");
  }
};

struct command_header {
  std::string id;
  std::string command;
  std::optional<std::string> traceparent = {};

  static void fields(auto& f, auto& x) {
    f.optional("id", x.id, "Idempotency key; absent only for ephemeral commands.",
               {.bytes_max = limits::command_id_bytes_max});
    f.required("command", x.command, "Its name.", {.bytes_max = limits::identifier_bytes_max});
    f.optional(
      "traceparent", x.traceparent,
      "W3C trace context: comes back, with the broker's trace as the parent, in its RESULT and the EVENTs that "
      "follow from it. One that is malformed is ignored.");
  }
};

struct result_header {
  std::string id;
  bool ok = true;
  bool repeated = false;
  std::optional<std::vector<std::string>> ignored = {};
  std::optional<std::string> traceparent = {};

  static void fields(auto& f, auto& x) {
    f.required("id", x.id, "Of the COMMAND.");
    f.required("ok", x.ok, "false: the body is a fault.");
    f.optional("repeated", x.repeated, "It is the answer given to an earlier COMMAND of this id.");
    f.optional("ignored", x.ignored, "Fields of the COMMAND that the broker does not know; absent: none.");
    f.optional("traceparent", x.traceparent,
               "Of the COMMAND, if it had one; the parent is `trace` in the broker's log.");
  }
};

struct event_header {
  std::optional<std::uint32_t> stream;
  std::optional<std::int64_t> cursor;
  std::string event;
  std::optional<std::string> traceparent = {};

  static void fields(auto& f, auto& x) {
    f.optional("stream", x.stream, "With `cursor`: durable; without both: ephemeral.");
    f.optional("cursor", x.cursor);
    f.required("event", x.event, "Its name.");
    f.optional("traceparent", x.traceparent,
               "Of the COMMAND it follows from, if that had one; not when it comes again later.");
  }
};

struct ack_header {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;

  static void fields(auto& f, auto& x) {
    f.required("stream", x.stream);
    f.required("cursor", x.cursor, "This one and all before it of the stream are done with.");
  }
};

struct nack_header {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
  bool permanent = false;
  std::string reason;

  static void fields(auto& f, auto& x) {
    f.required("stream", x.stream);
    f.required("cursor", x.cursor);
    f.required("permanent", x.permanent, "true: it is set aside; false: it comes again.");
    f.optional("reason", x.reason, "", {.bytes_max = reason_bytes_max});
  }
};

struct credit_header {
  credit_grant more;

  static void fields(auto& f, auto& x) { credit_grant::fields(f, x.more); }
};

/// PING and PONG.
struct ping_header {
  std::int64_t t = 0;

  static void fields(auto& f, auto& x) { f.optional("t", x.t, "Comes back as it was sent."); }
};

struct seek_header {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;

  static void fields(auto& f, auto& x) {
    f.required("stream", x.stream);
    f.required("cursor", x.cursor, "The next event has a higher one.");
  }
};

/// SEEK from the broker: answers each SEEK and each NACK that is not permanent, once. What comes after it on this
/// stream begins after `cursor`; what came before it, after the peer asked, is void.
struct sought_header {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
  bool granted = true;

  static void fields(auto& f, auto& x) {
    f.required("stream", x.stream);
    f.required("cursor", x.cursor, "The next event has a higher one.");
    f.required("granted", x.granted, "false: an ERROR said why; the stream goes on after the last ACK.");
  }
};

/// `reason` of the BYE of a broker that ends: connect again, it may come back at once.
inline constexpr const char* bye_stopping = "stopping";
struct bye_header {
  std::string reason;

  static void fields(auto& f, auto& x) {
    f.optional("reason", x.reason, "In words; `stopping` where the broker ends.", {.bytes_max = reason_bytes_max});
  }
};

struct error_header {
  std::optional<std::string> id;
  std::optional<std::uint32_t> stream;
  std::optional<std::vector<std::uint32_t>> versions;

  static void fields(auto& f, auto& x) {
    f.optional("id", x.id, "Of the COMMAND, where it could be read.", {.bytes_max = limits::command_id_bytes_max});
    f.optional("stream", x.stream, "Of the ACK, NACK or SEEK it answers.");
    f.optional("versions", x.versions, "With `unsupported_version`: what the broker speaks.");
  }
};

/// @returns fault bad_frame with the missing or wrong key, or too_large
/// Instantiated for the structs above.
template <class Header>
result<Header> decode_header(std::string_view bytes);
template <class Header>
std::string encode_header(const Header& x);

/// What an ERROR about a message of a peer names, as far as its header can be read: the id of a COMMAND, the stream of
/// an ACK, NACK or SEEK.
error_header subject_of(verb what, std::string_view header);

/// An ERROR frame.
frame make_error(const fault& why, const error_header& about = {});

} // namespace causeway::edge
