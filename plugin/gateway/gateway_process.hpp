#pragma once
#include "config/gateway_options.hpp"
#include "plugin/gateway/curve_keys.hpp"

#include <optional>
#include <string>

namespace causeway::gateway {

/// A gateway as a process of its own: what `causeway gateway` runs. Prints one line to standard output when it listens,
/// `causeway gateway ready on ports 8448`. SIGTERM and SIGINT stop it in good order, SIGHUP reads the certificate
/// again.
/// @param node_endpoint  the node's ROUTER for gateways, ipc:// or tcp://
/// @returns exit code: 0 after a signal, 1 when it could not start (the reason is on standard error)
/// @pre the calling thread is the only one, or the others block these three signals
int run_gateway_process(const config::gateway_options& options, const std::string& node_endpoint,
                        const std::optional<curve_keys>& keys);

} // namespace causeway::gateway
