#pragma once
#include "config/edge_options.hpp"
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"

#include <zmq.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::edge {

/// Who a CURVE key belongs to.
struct allowed_peer {
  role peer_role = role::chat;
  std::string name;
  bool is_node = false; ///< another node of this homeserver; `peer_role` is that of the endpoint
  bool operator==(const allowed_peer&) const = default;
};

/// The ZAP handler (ZeroMQ RFC 27): libzmq asks it for every CURVE handshake of its context. A key is admitted to
/// endpoints of its own role only; an inspector may use the admin endpoint too, and another node of this homeserver
/// (role node) those of gateways and of chat servers besides those of nodes. Not synchronised: the poller thread's.
class allow_list {
public:
  /// Binds the context's ZAP endpoint. Before any CURVE socket is bound: libzmq admits everybody while no handler is
  /// there.
  /// @returns invalid_param (key, role), address_in_use (the context has a handler)
  static result<allow_list> open(zmq::context_t& context, const std::vector<config::edge_peer>& peers);

  /// Admits these and no others from now on; who is connected stays.
  /// @returns invalid_param (key, role): the old ones stay
  status replace(const std::vector<config::edge_peer>& peers);

  zmq::socket_t& socket() { return socket_; }
  /// Answers every request that waits. @returns how many were refused
  std::uint64_t answer();

  /// ZAP domain of an endpoint kind; never empty, since an empty one switches ZAP off.
  static std::string domain(role endpoint_kind) { return std::string{causeway::edge::name(endpoint_kind)}; }
  /// What `answer` said about the sender of a message: the `User-Id` property.
  static std::optional<allowed_peer> sender(const zmq::message_t& part);

private:
  std::map<std::string, allowed_peer> peers_; ///< by Z85 public key
  zmq::socket_t socket_;
};

} // namespace causeway::edge
