#pragma once
#include "config/gateway_options.hpp"
#include "plugin/gateway/curve_keys.hpp"

#include <optional>
#include <string>
#include <vector>

namespace causeway::gateway {

/// The ROUTER of a node for gateways, ipc:// or tcp://.
struct node_address {
  std::string endpoint;
  std::optional<curve_keys> keys = std::nullopt; ///< none: no CURVE
};

/// A gateway as a process of its own: what `causeway gateway` runs. Prints one line to standard output when it listens,
/// `causeway gateway ready on ports 8448`. SIGTERM and SIGINT stop it in good order, SIGHUP reads the certificate
/// again.
/// @param nodes  at least one; of several that share a store it goes to the one that serves
/// @returns exit code: 0 after a signal, 1 when it could not start (the reason is on standard error)
/// @pre the calling thread is the only one, or the others block these three signals
int run_gateway_process(const config::gateway_options& options, const std::vector<node_address>& nodes);

} // namespace causeway::gateway
