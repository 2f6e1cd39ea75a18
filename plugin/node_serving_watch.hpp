#pragma once
#include "plugin/store/seat.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace causeway {

/// What a node that stands by sees of the one that serves, and what follows for ports that both may want.
///
/// Nodes of one machine may have one configuration: a port is that of the node that serves. So it is opened while
/// somebody serves, never while somebody is about to; and one who has been about to for longer than a start takes gets
/// it. Pure; one thread's.
class serving_watch {
public:
  /// What no operator has to set; tests do.
  struct patience {
    /// A node that takes its turn and listens nowhere for so long may want our ports. It waits for them a little
    /// longer; what is held for it here waits no longer than this.
    std::int64_t start_ms = 4'000;
    std::int64_t retry_ms = 5'000; ///< a port that was in use is tried again so often
  };
  enum class step : std::uint8_t {
    nothing, ///< nothing new is known
    follow,  ///< somebody serves
    wait,    ///< nobody serves yet
    leave,   ///< nor for so long that our ports may be why
  };

  explicit serving_watch(patience how_long) : patience_(how_long) {}

  /// @param now  boot time
  step see(const store::store_in_use& by, std::int64_t now) {
    // Who says no name may be anybody, and so may a database that is away: the link tells whether its node is there.
    if (by.name.empty() && !by.is_free) return step::nothing;
    auto seen = by.is_free ? std::string{"free"} : by.name + " " + by.endpoints;
    if (seen != seen_) {
      seen_ = std::move(seen);
      since_ms_ = next_try_ms_ = now;
      has_complained_ = false;
    }
    if (!by.is_free && !by.is_starting()) return step::follow;
    return by.is_starting() && now - since_ms_ >= patience_.start_ms ? step::leave : step::wait;
  }
  /// Whether ports are tried now; from then on not for a while.
  bool may_try(std::int64_t now) {
    if (now < next_try_ms_) return false;
    next_try_ms_ = now + patience_.retry_ms;
    return true;
  }
  /// Once for each node that serves.
  bool may_complain() { return !std::exchange(has_complained_, true); }

private:
  const patience patience_;
  std::string seen_; ///< who has the store, as one word
  std::int64_t since_ms_ = 0, next_try_ms_ = 0;
  bool has_complained_ = false;
};

} // namespace causeway
