#pragma once
#include "actors/due.hpp"
#include "actors/remote_server/back_off.hpp"

#include <algorithm>

namespace causeway::remote_server {

/// When a server that failed may be tried again before its pause is over. Never sooner than after the shortest pause:
/// a server that asks us a hundred times a second and cannot be reached would be tried as often. Nor before the time
/// until which it wants no transactions.
class retry_schedule {
public:
  void failed(time_ms now) { failed_at_ = now; }
  /// @param pause_ms  the server wants no transactions for so long (429, 503); 0: it says nothing
  void answered(time_ms pause_ms, time_ms now) { not_before_ = pause_ms > 0 ? now + pause_ms : 0; }

  /// The next attempt after `pause_ms`.
  time_ms after(time_ms pause_ms, time_ms now) const { return std::max(now + pause_ms, not_before_); }
  /// The earliest time of the next attempt, whatever asks for one; 0: now.
  time_ms earliest(const config::federation_options& o, time_ms now) const {
    const auto pause = time_ms{o.retry_delay_ms_min};
    const auto at = std::max(not_before_, is_within(failed_at_, pause, now) ? failed_at_ + pause : 0);
    return is_due(at, now, back_off_max(o)) ? 0 : at;
  }

private:
  time_ms failed_at_ = 0; ///< the last attempt of a transaction, by this actor
  time_ms not_before_ = 0;
};

} // namespace causeway::remote_server
