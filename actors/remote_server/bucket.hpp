#pragma once
#include "actors/effects.hpp"

#include <algorithm>
#include <cstdint>

namespace causeway::remote_server {

/// A bucket that fills with time: how much of something is still to be had. May be overdrawn: what was taken beyond
/// it has to fill first.
class bucket {
public:
  /// @returns 0: taken; else in how many milliseconds something can be taken
  std::uint32_t take(std::int64_t per_second, std::int64_t burst, time_ms now, std::int64_t cost = 1) {
    fill(per_second, burst, now);
    if (level_ < unit)
      return static_cast<std::uint32_t>(std::min<std::int64_t>((unit - level_) / per_second + 1, wait_ms_max));
    level_ -= cost * unit;
    return 0;
  }
  /// Takes without asking.
  void charge(std::int64_t per_second, std::int64_t burst, time_ms now, std::int64_t cost) {
    fill(per_second, burst, now);
    level_ -= cost * unit;
  }
  bool is_full(std::int64_t per_second, std::int64_t burst, time_ms now) const {
    auto then = *this;
    then.fill(per_second, burst, now);
    return then.level_ >= burst * unit;
  }

private:
  static constexpr std::int64_t unit = 1000;
  static constexpr time_ms day_ms = 86'400'000; ///< no bucket takes longer to fill: bounds the product below
  static constexpr std::int64_t wait_ms_max = 3'600'000;

  void fill(std::int64_t per_second, std::int64_t burst, time_ms now) {
    const auto full = burst * unit;
    if (since_ == 0) level_ = full;
    else level_ = std::min(full, level_ + std::clamp<time_ms>(now - since_, 0, day_ms) * per_second);
    since_ = now;
  }

  std::int64_t level_ = 0; ///< thousandths
  time_ms since_ = 0;      ///< 0: not used yet
};

} // namespace causeway::remote_server
