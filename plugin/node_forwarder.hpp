#pragma once
#include "config/options.hpp"
#include "messages/fault.hpp"
#include "plugin/gateway/curve_keys.hpp"
#include "plugin/node_log.hpp"
#include "plugin/node_serving_watch.hpp"
#include "plugin/store/seat.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <zmq.hpp>

namespace causeway::gateway {
class gateway;
}

namespace causeway {

/// The HTTPS ports of a node that stands by: what other servers ask there goes to the node that serves, over its
/// endpoint for gateways. Nothing is decided and nothing is kept here. While nobody serves, requests wait a moment for
/// the one that follows. When its ports are open: `serving_watch`.
class node_forwarder {
public:
  using patience = serving_watch::patience;
  /// Where a standby's requests are to go; without it a node that stands by has no HTTPS port.
  static bool is_wanted(const config::options& options, bool without_gateway) {
    return !without_gateway && !options.gateway.listen.empty() && !options.edge.gateway_endpoints.empty();
  }

  /// @param options  outlive this
  /// @param name  of this node, as the one that serves shows it to its operator
  node_forwarder(const config::options& options, node_log& log, std::string name, patience how_long);
  node_forwarder(const config::options& options, node_log& log, std::string name)
      : node_forwarder(options, log, std::move(name), patience{}) {}
  ~node_forwarder(); ///< closes
  node_forwarder(const node_forwarder&) = delete;

  /// Who has the store at this moment, several times a second. By one thread.
  void see(const store::store_in_use& by);
  /// Requests of other servers come in here and reach the node that serves. Any thread.
  bool is_up() const;
  /// Closes the ports. By the thread that sees.
  /// @param has_turn  this node is to serve: what the one before has not answered is not waited for
  void close(bool has_turn = false);
  /// Bound HTTPS ports; none: closed.
  std::vector<std::uint16_t> ports() const;

private:
  void follow(const store::store_in_use& by);
  void go_to(const std::string& endpoint, std::optional<gateway::curve_keys> keys);
  void open(const std::string& node, const std::string& endpoint, std::optional<gateway::curve_keys> keys);
  void complain(const std::string& node, const std::string& why);

  const config::options& options_;
  node_log& log_;
  const std::string name_;
  serving_watch watch_;
  zmq::context_t zmq_;       ///< of its own: it ends before the node serves
  mutable std::mutex mutex_; ///< guards what follows
  std::unique_ptr<gateway::gateway> gateway_;
  std::string target_; ///< of `gateway_`; empty: nobody serves
};

} // namespace causeway
