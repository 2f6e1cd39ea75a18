#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What one finds who looks at a homeserver from outside, step by step and from the beginning: nothing remembered is
/// used. Made by plugin/gateway/probe.hpp, explained by plugin/admin/diagnosis.hpp. Plain values.
namespace causeway::probe {

/// One step of the way there.
struct phase {
  std::string name; ///< well-known, SRV, DNS, TCP, TLS, keys, version
  std::string what; ///< what it was about: a name, an address
  std::int64_t ms = 0;
  bool succeeded = false;
  std::string detail; ///< what came of it
};

/// GET /.well-known/matrix/server.
struct well_known {
  bool asked = false;
  std::string delegated; ///< `m.server`; empty: no valid file, `problem` says why
  std::string problem;
  int status = 0;
  int redirects = 0;
  std::string cache_control, expires; ///< headers
};

struct service {
  std::string target;
  std::uint16_t port = 0, priority = 0, weight = 0;
};
/// An SRV lookup.
struct services {
  std::string name;
  std::vector<service> records;
  std::string problem; ///< the lookup itself failed
};
/// An address lookup.
struct host {
  std::string name;
  std::uint16_t port = 0;
  std::vector<std::string> addresses;
  std::string problem;
};

struct certificate {
  std::string subject, issuer;
  std::vector<std::string> names; ///< subjectAltName: DNS names and addresses
  std::int64_t not_before_ts = 0, not_after_ts = 0;
  std::string sha256; ///< fingerprint, hex
};

/// One address, and how far one came with it.
struct connection {
  std::string address;     ///< ip:port
  bool is_private = false; ///< not connected: gateway.allowed_networks does not admit it
  bool connected = false;  ///< TCP
  bool encrypted = false;  ///< TLS
  std::string tls_version, cipher;
  std::vector<certificate> certificates; ///< as the server sent them, its own first
  bool is_trusted = false;               ///< the chain leads to a certificate authority we trust
  std::string trust_problem;
  bool names_match = false; ///< its own certificate is for the name that is wanted
  int keys_status = 0;      ///< of GET /_matrix/key/v2/server
  std::string keys_body;
  std::int64_t date_ts = 0;     ///< of the Date header of that answer, ms since 1970; 0: none
  std::int64_t answered_ts = 0; ///< when it came, by our clock
  int version_status = 0;       ///< of GET /_matrix/federation/v1/version
  std::string version_body;
  std::string problem; ///< why it ended before its end
};

struct report {
  std::string server_name;
  std::int64_t started_ts = 0, elapsed_ms = 0;
  fault why; ///< no way was found; none: there is one
  probe::well_known delegation;
  std::vector<probe::services> lookups;
  std::vector<probe::host> hosts;
  std::string host_header, tls_name;
  std::vector<probe::connection> connections;
  std::vector<phase> phases; ///< in the order they ended
};

} // namespace causeway::probe
