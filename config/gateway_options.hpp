#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace causeway::config {

/// `[gateway]`: HTTPS in and out.
struct gateway_options {
  /// Addresses to listen on, `ip:port`. Default: every interface, federation port.
  std::vector<std::string> listen = {"0.0.0.0:8448"};
  std::string certificate_file; ///< PEM chain for the server name; required unless `plain_http`
  std::string private_key_file; ///< PEM
  /// Speak plain HTTP behind a reverse proxy. The proxy must pass the raw path on.
  bool plain_http = false;
  /// CA certificates (PEM) to trust for outgoing requests in place of the system's; empty: the system's.
  std::string ca_file;
  /// Networks outgoing requests may reach although they are private, loopback or link-local; CIDR.
  std::vector<std::string> allowed_networks;
  std::uint32_t threads = 1;                         ///< server threads; range 1..64
  std::uint32_t connections_max = 4096;              ///< inbound connections; range 1..100000
  std::uint32_t connections_per_address_max = 512;   ///< inbound, of one address (IPv6: /64); range 1..100000
  std::uint32_t connections_per_destination_max = 4; ///< outbound; range 1..64
  std::uint32_t idle_timeout_s = 90;                 ///< keep-alive; range 5..3600
  std::uint32_t request_read_timeout_s = 60;         ///< whole inbound request; range 1..600
  std::uint32_t connect_timeout_ms = 10'000;         ///< outbound TCP and TLS; range 100..120000
  std::uint32_t answer_timeout_s = 120;              ///< node's answer to an inbound request before 504; range 1..600
  std::size_t pending_requests_max = 10'000;         ///< inbound requests waiting for the node before 429
  std::uint32_t inbound_bodies_mib = 256; ///< request bodies over 64 KiB held at once before 429; MiB; range 16..65536
  std::uint32_t streams_max = 256;        ///< files being sent at once before 429; 256 KiB each; range 1..100000
  std::uint32_t answers_mib =
    256; ///< answers over 16 KiB held until they are read, of all peers, before 429; MiB; range 16..65536
  std::uint32_t answers_per_peer_mib =
    32; ///< the same of one address (IPv6: /64) and of one server; an answer alone always passes; MiB; range 1..65536
  std::uint32_t answer_bytes_per_second_min = 16'384; ///< who reads an answer slower is cut off; range 1..1000000000
  /// What GET /.well-known/matrix/server answers, `host[:port]`; empty: 404.
  std::string well_known_server;
  /// Resolver for SRV and addresses, `ip:port`; empty: the system's.
  std::string dns_server;
};

} // namespace causeway::config
