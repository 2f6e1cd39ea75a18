#pragma once
#include "config/edge_options.hpp"
#include "messages/fault.hpp"
#include "plugin/gateway/curve_keys.hpp"

#include <optional>
#include <string>

namespace causeway {

/// CURVE keys of a way to another node of this homeserver: our own, and that which `edge.peers` has for it. A tcp://
/// endpoint has CURVE where there is a key, as at every edge of ours.
/// @param node  its `node.name`
/// @returns none: no CURVE is needed; forbidden (in words: what is missing); invalid_param (an endpoint or key file
/// that is none)
result<std::optional<gateway::curve_keys>> keys_to_node(const config::edge_options& edge, const std::string& node,
                                                        const std::string& endpoint);

} // namespace causeway
