#pragma once
#include "plugin/gateway/pending_requests.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace causeway::gateway {

/// Inbound requests that came while no node was there, for a moment: one node follows another within seconds, and
/// whoever asked meanwhile need not repeat. Bounded in number and time; their bodies count as those of all open
/// requests. Safe for threads.
class held_requests {
public:
  using time_point = pending_requests::time_point;
  struct bounds {
    std::size_t requests_max = 0; ///< 0: none is held
    std::chrono::milliseconds held_max{4'000};
  };
  struct held {
    federation_request request;
    pending_requests::waiter who;
    time_point since;
  };

  explicit held_requests(bounds most) : most_(most) {}

  /// @returns false: as many wait as may, and nothing was taken of this one
  bool hold(federation_request& request, const pending_requests::waiter& who, time_point now) {
    const std::lock_guard guard{mutex_};
    if (waiting_.size() >= most_.requests_max) return false;
    waiting_.push_back({std::move(request), who, now});
    return true;
  }
  /// In the order they came, each to one caller.
  std::vector<held> take_all() {
    return take([](const held&) { return true; });
  }
  /// Those that have waited long enough.
  std::vector<held> take_late(time_point now) {
    return take([this, now](const held& x) { return now - x.since >= most_.held_max; });
  }
  std::size_t size() const {
    const std::lock_guard guard{mutex_};
    return waiting_.size();
  }

private:
  template <class Wanted>
  std::vector<held> take(Wanted is_wanted) {
    std::vector<held> taken;
    const std::lock_guard guard{mutex_};
    for (; !waiting_.empty() && is_wanted(waiting_.front()); waiting_.pop_front())
      taken.push_back(std::move(waiting_.front()));
    return taken;
  }

  const bounds most_;
  mutable std::mutex mutex_;
  std::deque<held> waiting_; ///< oldest first
};

} // namespace causeway::gateway
