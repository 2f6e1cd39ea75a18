#include "plugin/gateway/pending_requests.hpp"

namespace causeway::gateway {

std::optional<std::uint64_t> pending_requests::add(waiter who, time_point now) {
  const std::lock_guard lock{mutex_};
  if (waiting_.size() >= pending_max_) return std::nullopt;
  const auto id = ++last_id_;
  waiting_.emplace(id, std::move(who));
  deadlines_.push_back({id, now + timeout_});
  return id;
}

pending_requests::waiter pending_requests::take(std::uint64_t id) {
  const std::lock_guard lock{mutex_};
  auto node = waiting_.extract(id);
  // Answers come mostly in order: keep the queue as short as what really waits.
  while (!deadlines_.empty() && !waiting_.contains(deadlines_.front().id)) deadlines_.pop_front();
  return node.empty() ? nullptr : std::move(node.mapped());
}

std::vector<pending_requests::waiter> pending_requests::take_late(time_point now) {
  const std::lock_guard lock{mutex_};
  std::vector<waiter> out;
  for (; !deadlines_.empty() && deadlines_.front().at <= now; deadlines_.pop_front())
    if (auto node = waiting_.extract(deadlines_.front().id); !node.empty()) out.push_back(std::move(node.mapped()));
  return out;
}

std::vector<pending_requests::waiter> pending_requests::take_all() {
  const std::lock_guard lock{mutex_};
  std::vector<waiter> out;
  for (auto& [id, who] : waiting_) out.push_back(std::move(who));
  waiting_.clear();
  deadlines_.clear();
  return out;
}

std::size_t pending_requests::size() const {
  const std::lock_guard lock{mutex_};
  return waiting_.size();
}

} // namespace causeway::gateway
