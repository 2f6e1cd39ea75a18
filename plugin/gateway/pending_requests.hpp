#pragma once
#include "messages/gateway.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace causeway::gateway {

/// Who waits for the node's answer to one inbound request.
class answer_waiter {
public:
  virtual ~answer_waiter() = default;
  /// Called once per question, on any thread.
  virtual void on_answer(federation_answer answer) = 0;
};

/// Inbound requests that wait for the node, bounded, each with the same time-out; so the oldest is the next to run out,
/// and no request needs a timer of its own. Safe for threads.
class pending_requests {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using waiter = std::shared_ptr<answer_waiter>;

  pending_requests(std::size_t pending_max, std::chrono::milliseconds timeout)
      : pending_max_(pending_max), timeout_(timeout) {}

  /// @returns the id to send to the node, or nothing at the bound
  std::optional<std::uint64_t> add(waiter who, time_point now);
  /// The waiter of `id`, which then waits no longer; null when it was answered or ran out before.
  waiter take(std::uint64_t id);
  /// Those whose time is over.
  std::vector<waiter> take_late(time_point now);
  std::vector<waiter> take_all();
  std::size_t size() const;

private:
  struct deadline {
    std::uint64_t id;
    time_point at;
  };

  const std::size_t pending_max_;
  const std::chrono::milliseconds timeout_;
  mutable std::mutex mutex_;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, waiter> waiting_;
  std::deque<deadline> deadlines_; ///< oldest first; answered ones are skipped when their turn comes
};

} // namespace causeway::gateway
