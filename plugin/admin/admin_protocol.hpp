#pragma once
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// What the `causeway` command and the broker say to each other on the admin endpoint. The frames and headers are those of the
/// chat contract (HELLO/WELCOME, COMMAND/RESULT, PING/PONG, ERROR); the body of COMMAND is a msgpack map, that of a RESULT is
/// JSON text: an object, or {code, message, detail, retryable, what_to_do} of a fault.
namespace causeway::admin {

/// Arguments of all commands; each uses some. Absent keys stay at their default.
struct arguments {
  std::string room; ///< Matrix id or the chat server's
  std::string user;
  std::string server;
  std::string filter;          ///< lists: rows that hold this text anywhere; empty: all
  bool all = false;            ///< invites: also those that are over
  std::uint32_t limit = 1'000; ///< lists: most rows; range 1..100000
};

/// One command of the endpoint.
struct command_info {
  std::string_view name;
  bool changes = false;      ///< needs the admin role; the others may be asked by an inspector too
  std::string_view required; ///< keys that must be given, with spaces between
  std::string_view doc;
};
std::span<const command_info> commands();
/// Null when there is none of that name.
const command_info* find_command(std::string_view name);

/// @returns faults bad_body (missing or wrong key), invalid_param (limit)
result<arguments> decode_arguments(const command_info& command, std::string_view body);
std::string encode_arguments(const arguments& x);

/// Body of a failed RESULT.
std::string fault_json(const fault& x);

} // namespace causeway::admin
