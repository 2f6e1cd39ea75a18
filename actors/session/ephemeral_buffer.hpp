#pragma once
#include "messages/session.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace causeway::session {

/// Ephemeral notifications kept without credit.
inline constexpr std::size_t ephemeral_pending_max = 1'024;

/// Ephemeral notifications that wait for credit: the newest of each key, in the order in which the keys came.
class ephemeral_buffer {
public:
  /// @returns whether another one had to go: the oldest
  bool keep(const ephemeral_notification& m) {
    if (const auto known = by_key_.find(m.key); known != by_key_.end()) {
      known->second = m;
      return false;
    }
    const bool is_full = by_key_.size() >= ephemeral_pending_max;
    if (is_full) {
      by_key_.erase(order_.front());
      order_.pop_front();
    }
    by_key_.emplace(m.key, m);
    order_.push_back(m.key);
    return is_full;
  }
  /// Offers each, oldest first, as long as `wants_more()`; those that `take(notification)` takes are gone.
  template <class Wants, class Take>
  void offer(Wants wants_more, Take take) {
    for (auto at = order_.begin(); at != order_.end() && wants_more();) {
      const auto found = by_key_.find(*at);
      if (!take(std::as_const(found->second))) {
        ++at;
        continue;
      }
      by_key_.erase(found);
      at = order_.erase(at);
    }
  }
  std::size_t size() const { return by_key_.size(); }

private:
  std::map<std::string, ephemeral_notification> by_key_;
  std::deque<std::string> order_; ///< keys, oldest first
};

} // namespace causeway::session
