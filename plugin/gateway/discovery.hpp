#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Server discovery as a pure machine: it says what to look up next and is told the answer; no network, no clock.
/// Source: server-server-api, "Resolving server names".
namespace causeway::gateway {

/// One SRV record (RFC 2782). `target` has no trailing dot; the root (".") is empty and means "not offered here".
struct srv_record {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;
  bool operator==(const srv_record&) const = default;
};

/// Order in which a client tries `records`: by priority; within one, by weighted chance drawn from `random`.
/// The same `random` gives the same order. At most `srv_records_max` are kept.
std::vector<srv_record> order_srv(std::vector<srv_record> records, std::uint64_t random);
inline constexpr std::size_t srv_records_max = 8;

/// Where to open a TCP connection. `host` is a DNS name or a numeric address, IPv6 without brackets.
struct hop {
  std::string host;
  std::uint16_t port = 0;
  bool is_ip_literal = false;
  bool operator==(const hop&) const = default;
};

/// The way to a homeserver: hops in the order to try, and what to say there.
struct route {
  std::vector<hop> hops;   ///< at least one
  std::string host_header; ///< Host of the request
  std::string tls_name;    ///< SNI (unless numeric) and the name the certificate must have; IPv6 without brackets
  bool operator==(const route&) const = default;
};

/// Asks for `https://name/.well-known/matrix/server`.
struct ask_well_known {
  std::string name;
  bool operator==(const ask_well_known&) const = default;
};

/// Asks for SRV records of `service`, e.g. "_matrix-fed._tcp.example.org".
struct ask_srv {
  std::string service;
  bool operator==(const ask_srv&) const = default;
};

/// The next lookup, or the end.
using discovery_step = std::variant<ask_well_known, ask_srv, route, fault>;

class discovery {
public:
  /// @param random  draws the order of SRV records of equal priority
  discovery(std::string server_name, std::uint64_t random);

  /// First step. Fault invalid_identifier when the name breaks the grammar.
  discovery_step start();
  /// @param delegated  a valid `m.server`, or nothing when the file is absent, unreachable or invalid (all are the same
  ///                   to the specification)
  /// @pre the last step was ask_well_known
  discovery_step on_well_known(const std::optional<std::string>& delegated);
  /// @param records  empty: none exist
  /// @pre the last step was ask_srv
  discovery_step on_srv(std::vector<srv_record> records);
  /// The lookup itself failed (SERVFAIL, no answer in time): there may be records. The other name is looked up; where
  /// that has none either the search ends with fault peer_unresolvable, since the bare name may be somebody else's
  /// machine.
  /// @pre the last step was ask_srv
  discovery_step on_srv_failed(std::string why);

private:
  enum class phase : std::uint8_t { well_known, srv, deprecated_srv, done };
  discovery_step finish(hop to, std::string host_header, std::string tls_name);
  discovery_step ask_for_srv(std::string_view prefix);

  std::string name_; ///< first the server name; after delegation the delegated one
  std::uint64_t random_;
  phase phase_ = phase::well_known;
  std::string srv_failed_; ///< why; empty: no lookup failed
};

} // namespace causeway::gateway
