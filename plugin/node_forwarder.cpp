#include "plugin/node_forwarder.hpp"

#include "plugin/gateway/gateway.hpp"
#include "plugin/node_addresses.hpp"
#include "plugin/node_keys.hpp"
#include "plugin/patient_threads.hpp"
#include "plugin/store/lease.hpp"

#include <chrono>
#include <utility>

namespace causeway {
namespace {

using namespace std::chrono_literals;

/// The ports are the node's own soon, or the process ends: whoever is cut off repeats.
constexpr auto stop_patience = 500ms;
/// HELLO has room for 255 bytes.
constexpr std::size_t told_name_bytes_max = 200;

} // namespace

node_forwarder::node_forwarder(const config::options& options, node_log& log, std::string name, patience how_long)
    : options_(options), log_(log), name_(std::move(name)), watch_(how_long), zmq_(patient_context()) {}

node_forwarder::~node_forwarder() { close(); }

void node_forwarder::see(const store::store_in_use& by) {
  switch (watch_.see(by, store::boot_time_ms())) {
  case serving_watch::step::nothing: return;
  case serving_watch::step::follow: return follow(by);
  case serving_watch::step::wait: return go_to({}, {});
  case serving_watch::step::leave: go_to({}, {}); return close();
  }
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
  auto keys = keys_to_node(options_.edge, by.name, endpoint);
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
  if (!watch_.may_try(store::boot_time_ms())) return;
  auto tuning = gateway::tuning_for_successors();
  tuning.name = ("node " + name_).substr(0, told_name_bytes_max);
  tuning.server_name = options_.node.server_name;
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
  if (!watch_.may_complain()) return;
  log_.write(note{log_level::warning, "N769 stands by without passing requests on", {{"node", node}, {"why", why}}},
             {actor_kind::store, ""});
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
