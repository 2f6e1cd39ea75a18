#pragma once
#include "actors/effects.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace causeway {

/// What one actor handles, for an operator who looks for a moment. One at a time; it ends by itself, by count or by
/// time. Costs one relaxed load a message while nobody looks, a comparison of addresses while somebody looks at another
/// actor. Safe for threads.
class actor_tap {
public:
  /// One message that it has handled.
  struct seen {
    time_ms at = 0;
    std::string message;      ///< its type
    std::int64_t took_us = 0; ///< handling it, without what follows from the commit
    std::string effects;      ///< what was decided, in words
    trace_id trace = 0;
  };
  using done_function = std::function<void(std::vector<seen>)>;
  /// How much is looked at. A busy actor is seen over a longer time, and costs less, when only one message of several
  /// is.
  struct bounds {
    std::size_t count = 0;
    std::size_t every = 1; ///< one of so many, the first included
    time_ms until = 0;
  };

  /// From now on messages of `who` are seen, within those bounds; then `done` is called, from any thread.
  /// @returns false when somebody looks at an actor already
  bool begin(address who, bounds within, done_function done);
  /// Ends what is due. Call it about once a second.
  void expire(time_ms now);

  /// Whether the next message of that actor is to be seen. Asked once for each.
  bool wants(const address& who) { return on_.load(std::memory_order_relaxed) && is_next(who); }
  void add(const address& who, seen x);

private:
  bool is_next(const address& who);
  /// @pre `guard` holds the mutex; it is released
  void end(std::unique_lock<std::mutex>& guard);

  std::atomic<bool> on_ = false;
  std::mutex mutex_; ///< guards all below
  address who_;
  bounds within_;
  std::size_t passed_ = 0; ///< messages of that actor since it began
  done_function done_;
  std::vector<seen> seen_;
};

/// The type of a message, as its struct is called.
std::string type_of(const message& x);
/// "3 rows, then pdu_queued; command_done to session; timer send": in the order decided, cut at some length.
std::string in_words(const effects& list);

} // namespace causeway
