#pragma once
#include "actors/effects.hpp"
#include "messages/remote_server.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

namespace causeway::remote_server {

/// PUT /invite requests that wait until what was queued for the server before them has been delivered, so that no
/// invitation overtakes what was said before it, or the leave that took the one before back. They wait for a bounded
/// time, and no longer than a transaction takes to fail.
class held_invites {
public:
  /// How many events go before it where nobody knows: all that is queued.
  static constexpr std::uint64_t all_queued = std::numeric_limits<std::uint64_t>::max();

  /// Whether an event is still owed to the server.
  enum class backlog : std::uint8_t { none, some };

  /// @param delivered  events delivered in this incarnation so far
  /// @param ahead      events queued, or `all_queued`
  void hold(peer_request x, std::uint64_t delivered, std::uint64_t ahead, time_ms until) {
    held_.push_back({std::move(x), ahead == all_queued ? all_queued : delivered + ahead, until});
  }
  /// Those whose turn has come, in order.
  std::vector<peer_request> due(std::uint64_t delivered, backlog owed, time_ms now) {
    return take([&](const held& x) {
      return owed == backlog::none || (x.after != all_queued && x.after <= delivered) || x.until <= now;
    });
  }
  /// All: the queue does not move.
  std::vector<peer_request> give_up() {
    return take([](const held&) { return true; });
  }
  bool empty() const { return held_.empty(); }
  /// When the next one has waited long enough; 0: none waits.
  time_ms deadline() const {
    const auto first =
      std::min_element(held_.begin(), held_.end(), [](const auto& a, const auto& b) { return a.until < b.until; });
    return first == held_.end() ? 0 : first->until;
  }

private:
  struct held {
    peer_request request;
    std::uint64_t after = 0; ///< so many events delivered
    time_ms until = 0;
  };
  template <class Which>
  std::vector<peer_request> take(Which which) {
    std::vector<peer_request> list;
    const auto rest = std::stable_partition(held_.begin(), held_.end(), [&](const held& x) { return !which(x); });
    for (auto it = rest; it != held_.end(); ++it) list.push_back(std::move(it->request));
    held_.erase(rest, held_.end());
    return list;
  }

  std::vector<held> held_;
};

} // namespace causeway::remote_server
