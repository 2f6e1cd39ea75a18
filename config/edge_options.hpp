#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace causeway::config {

/// A CURVE public key that may connect, and as whom.
struct edge_peer {
  std::string public_key; ///< Z85, 40 characters
  std::string name;
  std::string role = "chat"; ///< chat, gateway, inspector, admin, node
};

/// `[edge]`: the ZeroMQ side.
struct edge_options {
  /// Where chat servers connect. ipc:// and loopback tcp:// need no CURVE; anything else does.
  std::vector<std::string> chat_endpoints = {"ipc:///run/causeway/chat.sock"};
  /// Where gateways of other processes connect; the built-in one uses inproc.
  std::vector<std::string> gateway_endpoints;
  /// Where the other nodes of a store reach this one, when that is not what `gateway_endpoints` and `chat_endpoints`
  /// say (behind address translation, in a container): tcp://. Empty: as there.
  std::string gateway_address, chat_address;
  /// Operator's socket of the `causeway` command.
  std::string admin_endpoint = "ipc:///run/causeway/admin.sock";
  std::string curve_secret_key_file; ///< Z85 secret key, mode 0600; required for a non-loopback bind
  std::vector<edge_peer> peers;      ///< ZAP allow-list
  /// Durable notification streams, stream = hash(room) mod streams; range 1..64. A used store refuses another number.
  std::uint32_t streams = 1;
  std::uint32_t command_credit = 1'000; ///< commands a peer may have open; range 1..100000
  std::uint32_t event_credit_max =
    10'000;                            ///< most notifications in flight to a peer, whatever it grants; range 1..1000000
  std::uint32_t heartbeat_ms = 10'000; ///< ZMTP heartbeat and PING interval; range 100..600000
  std::uint32_t peer_timeout_ms = 30'000;        ///< silence after which a peer counts as gone; range 300..3600000
  std::uint32_t high_water_mark = 20'000;        ///< ZMQ HWM in messages: a fuse only
  std::uint32_t outbox_retention_days = 30;      ///< acknowledged notifications kept for SEEK; range 0..3650
  std::uint32_t command_retention_days = 30;     ///< idempotency keys kept; range 30..3650
  std::uint32_t dead_letter_retention_days = 90; ///< what the chat server refused for good; range 1..3650
};

} // namespace causeway::config
