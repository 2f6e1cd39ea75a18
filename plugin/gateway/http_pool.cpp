#include "plugin/gateway/http_pool.hpp"

#include <algorithm>
#include <utility>

namespace causeway::gateway {

http_pool::http_pool(boost::asio::io_context& io, const http_client_options& whole, const address_policy& policy,
                     const trust_store& trust, std::uint64_t seed)
    : seed_(std::to_string(seed) + '/') {
  const auto parts = std::clamp(whole.connections_max / connections_per_part, 1L, parts_max);
  auto part = whole;
  part.connections_max = whole.connections_max / parts;
  part.idle_connections_max = std::max(1L, whole.idle_connections_max / parts);
  for (long i = 0; i < parts; ++i) parts_.push_back(std::make_unique<http_client>(io, part, policy, trust));
}

http_pool::id http_pool::start(https_call call, std::function<void(https_outcome)> done) {
  // A server is always in the same part, where its open connections are.
  const auto part = (std::hash<std::string>{}(seed_ + call.to.host) + call.to.port) % parts_.size();
  return parts_[part]->start(std::move(call), std::move(done)) * parts_.size() + part;
}

void http_pool::cancel(id which) { parts_[which % parts_.size()]->cancel(which / parts_.size()); }

void http_pool::grant(id which, std::uint64_t bytes) {
  parts_[which % parts_.size()]->grant(which / parts_.size(), bytes);
}

std::chrono::nanoseconds http_pool::take_held_up() {
  std::chrono::nanoseconds out{};
  for (auto& part : parts_) out += part->take_held_up();
  return out;
}

} // namespace causeway::gateway
