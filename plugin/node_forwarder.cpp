#include "plugin/node_forwarder.hpp"

#include "config/endpoints.hpp"
#include "plugin/edge/listener.hpp"
#include "plugin/gateway/gateway.hpp"
#include "plugin/node_addresses.hpp"
#include "plugin/patient_threads.hpp"
#include "plugin/store/lease.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace causeway {
namespace {

using namespace std::chrono_literals;

/// The ports are the node's own soon, or the process ends: whoever is cut off repeats.
constexpr auto stop_patience = 500ms;

} // namespace

node_forwarder::node_forwarder(const config::options& options, node_log& log, std::string name, patience how_long)
    : options_(options), log_(log), name_(std::move(name)), patience_(how_long), zmq_(patient_context()) {}

node_forwarder::~node_forwarder() { close(); }

void node_forwarder::see(const store::store_in_use& by) {
  // Who says no name may be anybody, and so may a database that is away: the link tells whether its node is there.
  if (by.name.empty() && !by.is_free) return;
  const auto seen = by.is_free ? std::string{"free"} : by.name + " " + by.endpoints;
  const auto now = store::boot_time_ms();
  if (seen != seen_) {
    seen_ = seen;
    seen_since_ms_ = next_try_ms_ = now;
    has_complained_ = false;
  }
  if (!by.is_free && !by.is_starting()) return follow(by);
  go_to({}, {});
  if (by.is_starting() && now - seen_since_ms_ >= patience_.start_ms) close();
}

void node_forwarder::follow(const store::store_in_use& by) {
  const auto endpoint = gateway_address_in(by.endpoints);
  if (endpoint.empty()) {
    complain(by.name, "it tells no address for that (edge.gateway_endpoints)");
    return go_to({}, {});
  }
  {
    const std::lock_guard guard(mutex_);
    if (gateway_ && target_ == endpoint) return;
  }
  auto keys = keys_for(by.name, endpoint);
  if (!keys) {
    complain(by.name, keys.error().detail);
    return go_to({}, {});
  }
  bool is_open = false;
  {
    const std::lock_guard guard(mutex_);
    is_open = gateway_ != nullptr;
  }
  is_open ? go_to(endpoint, *std::move(keys)) : open(by.name, endpoint, *std::move(keys));
}

void node_forwarder::go_to(const std::string& endpoint, std::optional<gateway::curve_keys> keys) {
  const std::lock_guard guard(mutex_);
  if (!gateway_ || target_ == endpoint) return;
  target_ = endpoint;
  gateway_->retarget(endpoint, std::move(keys));
  if (!endpoint.empty())
    log_.write(note{log_level::info, "N770 passes requests on to the node that serves", {{"at", endpoint}}},
               {actor_kind::store, ""});
}

void node_forwarder::open(const std::string& node, const std::string& endpoint,
                          std::optional<gateway::curve_keys> keys) {
  const auto now = store::boot_time_ms();
  if (now < next_try_ms_) return;
  next_try_ms_ = now + patience_.retry_ms;
  auto tuning = gateway::tuning_for_successors();
  tuning.name = "node " + name_;
  tuning.stop_timeout = stop_patience;
  tuning.outbound = false;
  auto made = std::make_unique<gateway::gateway>(options_.gateway, zmq_, endpoint, std::move(keys), std::move(tuning));
  if (auto started = made->start(); !started) return complain(node, to_string(started.error()));
  log_.write(note{log_level::info, "N770 passes requests on to the node that serves", {{"at", endpoint}}},
             {actor_kind::store, ""});
  const std::lock_guard guard(mutex_);
  gateway_ = std::move(made);
  target_ = endpoint;
}

void node_forwarder::complain(const std::string& node, const std::string& why) {
  if (std::exchange(has_complained_, true)) return;
  log_.write(note{log_level::warning, "N769 stands by without passing requests on", {{"node", node}, {"why", why}}},
             {actor_kind::store, ""});
}

/// A tcp:// endpoint has CURVE where there is a key, as at every edge of ours.
result<std::optional<gateway::curve_keys>> node_forwarder::keys_for(const std::string& node,
                                                                    const std::string& endpoint) const {
  const auto& edge = options_.edge;
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
  auto own = edge::load_curve_keys(edge.curve_secret_key_file);
  if (!own) return own.error();
  return std::optional{gateway::curve_keys{peer->public_key, own->public_key, own->secret.text}};
}

bool node_forwarder::is_up() const {
  const std::lock_guard guard(mutex_);
  return gateway_ && !target_.empty() && gateway_->connected();
}

void node_forwarder::close(bool has_turn) {
  std::unique_ptr<gateway::gateway> closing;
  {
    const std::lock_guard guard(mutex_);
    closing = std::move(gateway_);
    target_.clear();
  }
  if (!closing) return;
  if (has_turn) closing->retarget({}); // its answers will not come
  closing->stop();
}

std::vector<std::uint16_t> node_forwarder::ports() const {
  const std::lock_guard guard(mutex_);
  return gateway_ ? gateway_->ports() : std::vector<std::uint16_t>{};
}

} // namespace causeway
