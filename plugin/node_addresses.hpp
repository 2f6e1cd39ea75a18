#pragma once
#include "config/edge_options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace causeway {

/// Where nodes that stand by reach the one that serves. In a node's row of the store (`endpoints`) it stands as words
/// behind those that people read, `gateway=tcp://10.0.0.1:8470 chat=tcp://10.0.0.1:8471`; a node of an older version
/// has none. `edge.gateway_endpoints` switches both on.
///
/// @returns `edge.gateway_address`, else those of `edge.gateway_endpoints` that others can connect to, network
/// addresses first; and `edge.chat_address`, else the network addresses of `edge.chat_endpoints`; empty: none
std::string address_words(const config::edge_options& options);
/// Those of `edge.gateway_endpoints` that are no address for others: a wildcard, a free port, or of this process.
std::vector<std::string> unreachable_addresses(const config::edge_options& options);
/// Network addresses of `edge.chat_endpoints` that others can connect to, where nodes that stand by are told any.
std::vector<std::string> told_chat_addresses(const config::edge_options& options);
/// The other network addresses of `edge.chat_endpoints`; none where nodes that stand by are told nothing.
std::vector<std::string> unreachable_chat_addresses(const config::edge_options& options);
/// @param endpoints  of the row of the node that serves
/// @returns the endpoint for gateways, empty: it has told none
std::string gateway_address_in(std::string_view endpoints);
/// @returns the endpoint for chat servers, empty: it has told none
std::string chat_address_in(std::string_view endpoints);

} // namespace causeway
