#include "plugin/node.hpp"

#include "plugin/node_canary.hpp"
#include "plugin/node_parts.hpp"

#include <utility>

namespace causeway {

node::node() : parts_(std::make_unique<parts>()) {}
node::~node() { stop(); }
void node::stop() { parts_->stop(); }
void node::reload(const config::options& options) { parts_->reload(options); }

result<std::unique_ptr<node>> node::start(const config::options& options, bool without_gateway, node_events told) {
  std::unique_ptr<node> n(new node);
  if (auto fine = n->parts_->open(options, without_gateway, std::move(told)); !fine) {
    auto why = fine.error();
    n.reset();
    return why;
  }
  return n;
}

std::vector<std::string> node::chat_endpoints() const {
  std::vector<std::string> list;
  for (const auto& e : parts_->the_edge->endpoints())
    if (e.kind == edge::role::chat) list.push_back(e.address);
  return list;
}

std::vector<std::uint16_t> node::gateway_ports() const {
  return parts_->the_gateway ? parts_->the_gateway->ports() : std::vector<std::uint16_t>{};
}

hop_ring& node::hops() { return parts_->outside->router->hops; }

std::vector<canary::path> node::canary_paths() {
  return {through_scheduler(*parts_->system), through_store(*parts_->store)};
}

const std::string& node::server_name() const { return parts_->options.node.server_name; }

} // namespace causeway
