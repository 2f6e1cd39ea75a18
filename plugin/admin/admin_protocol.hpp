#pragma once
#include "messages/edge/field.hpp"
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"
#include "messages/limits.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What the `causeway` command and the broker say to each other on the admin endpoint. The frames and headers are those of the
/// chat contract (HELLO/WELCOME, COMMAND/RESULT, PING/PONG, ERROR); the body of COMMAND is a msgpack map, that of a RESULT is
/// JSON text: an object, or {code, message, detail, retryable, what_to_do} of a fault.
namespace causeway::admin {

/// Arguments of all commands; each uses some. Absent keys stay at their default.
struct arguments {
  std::string room;
  std::string user;
  std::string server;
  std::string filter;
  bool all = false;
  std::uint32_t limit = 1'000;

  static void fields(auto& f, auto& x) {
    f.optional("room", x.room, "Matrix id or the chat server's.", {.bytes_max = limits::identifier_bytes_max});
    f.optional("user", x.user, "", {.bytes_max = limits::identifier_bytes_max});
    f.optional("server", x.server, "", {.bytes_max = limits::identifier_bytes_max});
    f.optional("filter", x.filter, "Lists: rows that hold this text anywhere; empty: all.",
               {.bytes_max = limits::identifier_bytes_max});
    f.optional("all", x.all, "invites: also those that are over.");
    f.optional("limit", x.limit, "Lists: most rows; 1 to 100,000.");
  }
  std::optional<edge::broken_rule> broken() const;
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
