#include "plugin/node_chat.hpp"

#include "plugin/node_keys.hpp"
#include "plugin/store/lease.hpp"

#include <algorithm>
#include <utility>

namespace causeway {
namespace {

std::optional<edge::relay_keys> relay_keys_of(std::optional<gateway::curve_keys> keys) {
  if (!keys) return {};
  return edge::relay_keys{std::move(keys->node_public), std::move(keys->own_public), std::move(keys->own_secret)};
}

} // namespace

chat_forwarder::chat_forwarder(const config::options& options, node_log& log, patience how_long)
    : options_(options), log_(log), watch_(how_long) {}

chat_forwarder::~chat_forwarder() { close(); }

void chat_forwarder::see(const store::store_in_use& by) {
  switch (watch_.see(by, store::boot_time_ms())) {
  case serving_watch::step::nothing: return;
  case serving_watch::step::follow: return follow(by);
  case serving_watch::step::wait: return go_to({}, {});
  case serving_watch::step::leave: return close();
  }
}

void chat_forwarder::follow(const store::store_in_use& by) {
  const auto endpoint = chat_address_in(by.endpoints);
  if (endpoint.empty()) {
    complain(by.name, "it tells no address for that (a tcp:// address in edge.chat_endpoints that others reach)");
    return go_to({}, {});
  }
  {
    const std::lock_guard guard(mutex_);
    if (relay_ && target_ == endpoint) return;
  }
  // On one machine with one configuration: as it ends this node may get its port, and would connect to itself.
  const auto& own = options_.edge.chat_endpoints;
  if (endpoint == options_.edge.chat_address || std::find(own.begin(), own.end(), endpoint) != own.end()) {
    complain(by.name, "it listens at " + endpoint + ", as this node will when it serves");
    return go_to({}, {});
  }
  auto keys = keys_to_node(options_.edge, by.name, endpoint);
  if (!keys) {
    complain(by.name, keys.error().detail);
    return go_to({}, {});
  }
  is_open() ? go_to(endpoint, *std::move(keys)) : open(by.name, endpoint, *std::move(keys));
}

void chat_forwarder::go_to(const std::string& endpoint, std::optional<gateway::curve_keys> keys) {
  const std::lock_guard guard(mutex_);
  if (!relay_ || target_ == endpoint) return;
  target_ = endpoint;
  relay_->retarget(endpoint, relay_keys_of(std::move(keys)));
  if (!endpoint.empty())
    log_.write(note{log_level::info, "N772 passes chat servers on to the node that serves", {{"at", endpoint}}},
               {actor_kind::store, ""});
}

void chat_forwarder::open(const std::string& node, const std::string& endpoint,
                          std::optional<gateway::curve_keys> keys) {
  if (!watch_.may_try(store::boot_time_ms())) return;
  auto made = edge::chat_relay::open(options_.edge);
  if (!made) return complain(node, to_string(made.error()));
  {
    const std::lock_guard guard(mutex_);
    relay_ = *std::move(made);
    target_.clear();
  }
  go_to(endpoint, std::move(keys));
}

void chat_forwarder::complain(const std::string& node, const std::string& why) {
  if (!watch_.may_complain()) return;
  log_.write(note{log_level::warning, "N771 stands by without taking chat servers", {{"node", node}, {"why", why}}},
             {actor_kind::store, ""});
}

bool chat_forwarder::is_open() const {
  const std::lock_guard guard(mutex_);
  return relay_ != nullptr;
}

bool chat_forwarder::is_up() const {
  const std::lock_guard guard(mutex_);
  return relay_ && !target_.empty();
}

void chat_forwarder::close() {
  std::unique_ptr<edge::chat_relay> closing; // ends behind the lock: its last words may take half a second to leave
  const std::lock_guard guard(mutex_);
  closing = std::move(relay_);
  target_.clear();
}

std::vector<std::string> chat_forwarder::addresses() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::string> all;
  if (!relay_) return all;
  for (const auto& x : relay_->endpoints())
    if (x.kind == edge::role::chat) all.push_back(x.address);
  return all;
}

} // namespace causeway
