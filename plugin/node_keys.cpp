#include "plugin/node_keys.hpp"

#include "config/endpoints.hpp"
#include "plugin/edge/listener.hpp"

#include <algorithm>
#include <vector>

namespace causeway {

result<std::optional<gateway::curve_keys>> keys_to_node(const config::edge_options& edge, const std::string& node,
                                                        const std::string& endpoint) {
  if (auto fine = config::check_endpoint(endpoint); !fine) return fine.error();
  if (!endpoint.starts_with("tcp://")) return std::optional<gateway::curve_keys>{};
  if (edge.curve_secret_key_file.empty()) {
    if (!config::is_remote_endpoint(endpoint)) return std::optional<gateway::curve_keys>{};
    return fault{fault_code::forbidden, endpoint + " is on another machine and so needs CURVE: set "
                                                   "edge.curve_secret_key_file, and all nodes in edge.peers"};
  }
  std::vector<const config::edge_peer*> nodes;
  for (const auto& x : edge.peers)
    if (x.role == "node") nodes.push_back(&x);
  const auto named = std::find_if(nodes.begin(), nodes.end(), [&](const auto* x) { return x->name == node; });
  // All nodes may have one key: clients of theirs behind a balancer know one.
  const auto* peer = named != nodes.end() ? *named : nodes.size() == 1 ? nodes.front() : nullptr;
  if (!peer)
    return fault{fault_code::forbidden,
                 "edge.peers has no key of role node with the name \"" + node + "\": add its public key there"};
  auto own = causeway::edge::load_curve_keys(edge.curve_secret_key_file);
  if (!own) return own.error();
  return std::optional{gateway::curve_keys{peer->public_key, own->public_key, own->secret.text}};
}

} // namespace causeway
