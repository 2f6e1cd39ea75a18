#pragma once
#include "config/edge_options.hpp"
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"

#include <zmq.hpp>

#include <cstddef>
#include <string>

namespace causeway::edge {

/// A bound ROUTER.
struct listener {
  zmq::socket_t socket;
  role kind = role::chat;
  std::string address;             ///< as bound
  bool curve = false;
  std::size_t frame_bytes_max = 0; ///< all parts of a message together
};

/// The broker's CURVE key pair, Z85; empty where there is none.
struct curve_keys {
  std::string secret, public_key;
};

/// Reads `edge.curve_secret_key_file`; no file name: no keys.
/// @returns invalid_param (unreadable, not a key), forbidden (others can read it)
result<curve_keys> load_curve_keys(const std::string& file);

/// Makes, configures and binds one endpoint. tcp:// uses CURVE as soon as there is a key; ipc:// and inproc:// never need it.
/// @returns see edge::open
result<listener> listen(zmq::context_t& context, role kind, const std::string& endpoint, const config::edge_options& options,
                        const curve_keys& keys);

} // namespace causeway::edge
