#pragma once
#include "actors/bounded_map.hpp"
#include "actors/type_ids.hpp"

#include <algorithm>
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
/// come first; every `waited_longest_every`th turn is for the one that waits longest.
///
/// Actors that were not active lately may stand for dead servers, and nobody knows before they are tried. Their turns
/// begin slowly: the rate grows with each server that answers and falls with each that does not, and after a pause it
/// begins anew. So a crowd that lives has its event in a few seconds, and one that is dead costs the others little.
/// Pure: time is passed in.
class bulk_pace {
public:
  using time_point = std::chrono::steady_clock::time_point;
  struct bounds {
    std::uint32_t per_second = 1'000;     ///< turns
    std::uint32_t quiet_per_second = 200; ///< of them for actors not active lately, while nobody answers
    std::uint32_t burst = 4;              ///< turns at once after a pause
    std::size_t messages_max = 100'000;   ///< that wait; beyond them turns are given at once
  };
  static constexpr std::uint64_t waited_longest_every = 4;
  static constexpr std::chrono::seconds lately{10};
  /// Turns a second more for each server that answers, and fewer for each that does not: where one in three is dead the
  /// rate still grows.
  static constexpr double faster = 2, slower = 4;
  /// Actors whose turn was one of these and of which nobody knows yet; the oldest makes room.
  static constexpr std::size_t tried_max = 20'000;
  /// Turns are given together: a timer for each would cost more than the turn.
  static constexpr std::chrono::milliseconds together{5};

  explicit bulk_pace(bounds b) : bounds_(b), all_(b.burst), quiet_(b.burst), quiet_rate_(quiet_rate_min()) {}

  /// @param last_active  when its actor last had to do with anything else; the epoch: unknown, or it had better wait
  void put(routed m, time_point last_active);
  /// What waits for `key`, in order: something else is about to be told to it, and must not overtake.
  std::deque<routed> take(const std::string& key);
  /// What is to be handed out now.
  std::vector<routed> due(time_point now);
  /// When `due` has something to give; nothing: nothing waits.
  std::optional<time_point> next(time_point now) const;
  /// The actor `key` stands for a server that has answered, or has not.
  void note(const std::string& key, bool answered);
  /// Messages that wait.
  std::size_t waiting() const { return messages_; }
  /// Turns a second for actors that were not active lately, now.
  double quiet_rate() const { return quiet_rate_; }

private:
  using order = std::uint64_t; ///< of arrival
  struct entry {
    order arrived = 0;
    time_point last_active;
    std::deque<routed> messages;
  };
  using entries = std::unordered_map<std::string, entry>;

  double quiet_rate_min() const { return std::min(bounds_.quiet_per_second, bounds_.per_second); }
  bool is_full() const { return messages_ > bounds_.messages_max; }
  /// Turns that may be saved up: what comes together of so many in a second, and the burst.
  double saved_max(double per_second) const;
  bool is_active(const entry& x, time_point now) const { return now - x.last_active <= lately; }
  void refill(time_point now);
  /// Whose turn it is; none: it may have none now.
  entries::pointer next_turn(time_point now) const;
  std::deque<routed> remove(entries::pointer x);

  bounds bounds_;
  double all_, quiet_; ///< turns that may be given now, to whomever and to quiet ones
  double quiet_rate_;
  bounded_map<std::string, time_point> tried_{tried_max}; ///< with the time of the turn
  time_point refilled_{};
  order last_arrived_ = 0;
  std::uint64_t turns_ = 0;
  std::size_t messages_ = 0;
  entries entries_;
  std::map<order, entries::pointer> by_arrival_;
  std::map<std::pair<time_point::duration, order>, entries::pointer> by_activity_; ///< the latest first: negative
};

} // namespace causeway
