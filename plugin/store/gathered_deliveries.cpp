#include "plugin/store/gathered_deliveries.hpp"

#include "actors/excerpt.hpp"

#include <utility>

namespace causeway::store {
namespace {

/// Of a reason in the list, bytes: with all servers it stays far below what a message may have.
constexpr std::size_t listed_reason_bytes_max = 200;

} // namespace

void gathered_deliveries::add(const append_delivery& x) {
  if (x.told.state == "failed") return told_.push_back(x);
  const auto [at, is_new] = open_.try_emplace({x.stream, x.told.event_id, x.told.state}, told_.size());
  if (is_new) return told_.push_back(x);
  auto& first = told_[at->second].told;
  if (!first.more_servers) first.more_servers.emplace();
  first.more_servers->push_back({x.told.server, excerpt(x.told.reason, listed_reason_bytes_max)});
  if (first.more_servers->size() == chat::delivery_servers_max) open_.erase(at);
}

std::vector<append_delivery> gathered_deliveries::take() {
  open_.clear();
  return std::exchange(told_, {});
}

} // namespace causeway::store
