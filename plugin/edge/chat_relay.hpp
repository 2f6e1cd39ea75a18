#pragma once
#include "config/edge_options.hpp"
#include "messages/edge/unsent_frames.hpp"
#include "messages/fault.hpp"
#include "plugin/edge/edge.hpp"
#include "plugin/edge/relay_table.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace causeway::edge {

/// CURVE keys of the way to the node that serves, Z85 (40 characters each).
struct relay_keys {
  std::string node_public;
  std::string own_public;
  std::string own_secret;
};

/// The chat endpoints of a node that stands by: chat servers connect as they would to the node that serves, and each
/// connection is passed on to it as one of its own (`relay_table`). One thread has the connections to the node that
/// serves, beside the poller of the endpoints.
class chat_relay {
public:
  static constexpr std::size_t waiting_bytes_most = 64 * 1024 * 1024;
  struct bounds {
    relay_table::bounds table = {};
    /// What waits for the node that serves beside a full pipe, of each connection; beyond that the connection ends.
    /// What waits for a chat server has the bounds of every edge.
    unsent_frames::bounds unsent = {};
    /// The same of all connections together; beyond that the one ends for which the most waits.
    std::size_t waiting_bytes_max = waiting_bytes_most;
    int pipe_messages = 64; ///< in each direction of each connection to the node that serves
  };
  static bounds bounds_for(const config::edge_options& options);

  /// Binds `chat_endpoints` and no others, with the rules of `edge::open`. Until `retarget` HELLO is answered with
  /// ERROR `stopping`.
  /// @returns as `edge::open`
  static result<std::unique_ptr<chat_relay>> open(const config::edge_options& options, const bounds& most);
  static result<std::unique_ptr<chat_relay>> open(const config::edge_options& options) {
    return open(options, bounds_for(options));
  }
  /// Tells all chat servers to connect again (BYE `stopping`), closes the endpoints, and gives what was said half a
  /// second to leave.
  ~chat_relay();
  chat_relay(const chat_relay&) = delete;

  /// Where the node that serves listens for chat servers; empty: nobody serves. All connections to another one end.
  /// Any thread.
  /// @pre no endpoint ZeroMQ refuses: a way that cannot be opened ends its connection
  void retarget(std::string endpoint, std::optional<relay_keys> keys);

  const std::vector<bound_endpoint>& endpoints() const;
  /// Connections that are passed on now. Any thread.
  std::size_t connections() const;
  /// Bytes that wait for the node that serves beside full pipes, of all connections. Any thread.
  std::size_t waiting_bytes() const;

private:
  chat_relay();
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace causeway::edge
