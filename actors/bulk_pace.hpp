#pragma once
#include "actors/type_ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace causeway {

/// Hands out what a crowd of actors is told at once (an event for two thousand servers) at a bounded rate, so that the
/// rest of the node goes on meanwhile. A turn is an actor's: it gets all that waits for it. Those that were active last
/// come first; every `waited_longest_every`th turn is for the one that waits longest. Pure: time is passed in.
class bulk_pace {
public:
  using time_point = std::chrono::steady_clock::time_point;
  struct bounds {
    std::uint32_t per_second = 1'000;   ///< turns
    std::uint32_t burst = 16;           ///< turns at once after a pause
    std::size_t messages_max = 100'000; ///< that wait; beyond them turns are given at once
  };
  static constexpr std::uint64_t waited_longest_every = 4;
  /// Turns are given together: a timer for each would cost more than the turn.
  static constexpr std::chrono::milliseconds together{5};

  explicit bulk_pace(bounds b) : bounds_(b), tokens_(b.burst) {}

  /// @param last_active  when its actor last had to do with anything else; the epoch: unknown, or it had better wait
  void put(routed m, time_point last_active);
  /// What waits for `key`, in order: something else is about to be told to it, and must not overtake.
  std::deque<routed> take(const std::string& key);
  /// What is to be handed out now.
  std::vector<routed> due(time_point now);
  /// When `due` has something to give; nothing: nothing waits.
  std::optional<time_point> next(time_point now) const;
  /// Messages that wait.
  std::size_t waiting() const { return messages_; }

private:
  using order = std::uint64_t; ///< of arrival
  struct entry {
    order arrived = 0;
    time_point last_active;
    std::deque<routed> messages;
  };
  using entries = std::unordered_map<std::string, entry>;

  void refill(time_point now);
  entries::iterator next_turn();
  std::deque<routed> remove(entries::iterator it);

  bounds bounds_;
  double tokens_;
  time_point refilled_{};
  order last_arrived_ = 0;
  std::uint64_t turns_ = 0;
  std::size_t messages_ = 0;
  entries entries_;
  std::map<order, entries::pointer> by_arrival_;
  std::map<std::pair<time_point::duration, order>, entries::pointer> by_activity_; ///< the latest first: negative
};

} // namespace causeway
