#pragma once
#include "actors/effects.hpp"
#include "config/federation_options.hpp"

#include <algorithm>

namespace causeway::remote_server {

/// How many requests of one server are still answered: a bucket that fills with time. Counted after authentication, so nobody
/// uses up the share of another.
class request_budget {
public:
  /// @returns 0: taken; else in how many milliseconds the next one is
  std::uint32_t take(const config::federation_options& o, time_ms now) {
    const auto full = std::int64_t{o.inbound_requests_burst} * 1000;
    const auto passed = since_ == 0 ? full : std::clamp<time_ms>(now - since_, 0, full);
    since_ = now;
    level_ = std::min(full, level_ + passed * o.inbound_requests_per_second);
    if (level_ >= 1000) {
      level_ -= 1000;
      return 0;
    }
    return static_cast<std::uint32_t>((1000 - level_) / o.inbound_requests_per_second + 1);
  }

private:
  std::int64_t level_ = 0; ///< thousandths of requests
  time_ms since_ = 0;
};

} // namespace causeway::remote_server
