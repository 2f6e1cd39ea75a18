#pragma once
#include "messages/edge/field.hpp"
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"
#include "messages/limits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What the `causeway` command and the broker say to each other on the admin endpoint. The frames and headers are those
/// of the chat contract (HELLO/WELCOME, COMMAND/RESULT, PING/PONG, ERROR); the body of COMMAND is a msgpack map, that
/// of a RESULT is JSON text: an object, or {code, message, detail, retryable, what_to_do} of a fault.
namespace causeway::admin {

/// An invitation's key has a room and a user.
inline constexpr std::size_t actor_key_bytes_max = 2 * limits::identifier_bytes_max + 1;
/// Bounds of a trace: it costs while it lasts.
inline constexpr std::uint32_t trace_count_max = 1'000, trace_seconds_max = 60, trace_every_max = 10'000;

/// Arguments of all commands; each uses some. Absent keys stay at their default.
struct arguments {
  std::string room;
  std::string user;
  std::string server;
  std::string letter;
  std::string event;
  std::string kind, key;
  std::uint32_t count = 100;
  std::uint32_t seconds = 10;
  std::uint32_t every = 1;
  std::string filter;
  std::string sort;
  std::string reason;
  std::string by;
  bool all = false, force = false;
  std::uint32_t limit = 1'000;
  std::uint64_t since_ts = 0;
  std::uint32_t backlog_age_s = 900, backlog_critical_s = 14'400;
  std::uint32_t certificate_days = 14, certificate_critical_days = 3;
  std::uint32_t unacknowledged_s = 60, unacknowledged_critical_s = 600;

  static constexpr std::size_t reason_bytes_max = 1'000;
  static void fields(auto& f, auto& x) {
    f.optional("room", x.room, "Matrix id or the chat server's.", {.bytes_max = limits::identifier_bytes_max});
    f.optional("user", x.user, "", {.bytes_max = limits::identifier_bytes_max});
    f.optional("server", x.server, "", {.bytes_max = limits::identifier_bytes_max});
    f.optional("letter", x.letter, "Id of a dead letter.", {.bytes_max = limits::identifier_bytes_max});
    f.optional("event", x.event, "Id of an event, of a message (the chat server's) or of a transaction.",
               {.bytes_max = limits::identifier_bytes_max});
    f.optional("kind", x.kind, "Kind of an actor.", {.bytes_max = limits::identifier_bytes_max});
    f.optional("key", x.key, "Which one of its kind.", {.bytes_max = actor_key_bytes_max});
    f.optional("count", x.count, "actor.trace: most messages; 1 to 1,000.");
    f.optional("seconds", x.seconds, "actor.trace: how long at most; 1 to 60.");
    f.optional("every", x.every, "actor.trace: one of so many messages is seen; 1 to 10,000.");
    f.optional("filter", x.filter, "Lists: rows that hold this text anywhere; empty: all.",
               {.bytes_max = limits::identifier_bytes_max});
    f.optional("sort", x.sort,
               "Lists: by this column; with `:desc` behind it the other way round. Empty: what is in trouble first.",
               {.bytes_max = limits::identifier_bytes_max});
    f.optional("reason", x.reason, "Why, of what changes something; kept in the audit.",
               {.bytes_max = reason_bytes_max});
    f.optional("by", x.by, "Login name of who asks; kept in the audit.", {.bytes_max = limits::identifier_bytes_max});
    f.optional("all", x.all, "invites: also those that are over.");
    f.optional("force", x.force, "node.drain: also where nobody stands by.");
    f.optional("limit", x.limit, "Lists: most rows; 1 to 100,000.");
    f.optional("since_ts", x.since_ts, "audit: only what was done from then on, ms since 1970.");
    f.optional("backlog_age_s", x.backlog_age_s, "check: a warning from this age of the oldest unsent event on, s.");
    f.optional("backlog_critical_s", x.backlog_critical_s, "check: critical from this age on, s.");
    f.optional("certificate_days", x.certificate_days, "check: a warning so many days before a certificate expires.");
    f.optional("certificate_critical_days", x.certificate_critical_days, "check: critical so many days before.");
    f.optional("unacknowledged_s", x.unacknowledged_s,
               "check: a warning from this time on without an acknowledgement of a connected chat server, s.");
    f.optional("unacknowledged_critical_s", x.unacknowledged_critical_s, "check: critical from this time on, s.");
  }
  std::optional<edge::broken_rule> broken() const;
};

/// One command of the endpoint; who answers it: verbs.hpp.
struct command_info {
  std::string_view name;
  /// Needs the admin role and a reason, and leaves a row in the audit; the others may be asked by an inspector too.
  bool changes = false;
  std::string_view required; ///< keys that must be given, with spaces between
  std::string_view doc;
};

/// @returns faults bad_body (missing or wrong key), invalid_param (limit)
result<arguments> decode_arguments(const command_info& command, std::string_view body);
std::string encode_arguments(const arguments& x);
/// Those that were given, without the reason and who gives it: JSON object.
std::string given_arguments(const arguments& x);

/// Body of a failed RESULT.
std::string fault_json(const fault& x);

} // namespace causeway::admin
