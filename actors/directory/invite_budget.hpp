#pragma once
#include "actors/effects.hpp"
#include "config/federation_options.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <utility>

namespace causeway::directory {

/// How many invitations of another server its users may still send to ours: a bucket per server and one per server and
/// invited user, which fill with time. Counted after the request was authenticated, so nobody uses up the share of
/// another.
class invite_budget {
public:
  /// Buckets kept of each kind. Beyond it those that are full are forgotten, then the one that was used longest ago:
  /// its server begins anew.
  static constexpr std::size_t buckets_max = 20'000;

  struct verdict {
    std::uint32_t wait_ms = 0; ///< 0: it may come; else the next one may after that
    bool is_first = false;     ///< the first one of that server over the bound within an hour: the operator is told
  };

  verdict take(const config::invitation_options& o, const std::string& origin, const std::string& user, time_ms now) {
    auto& of_server = bucket_of(by_server_, origin, {o.inbound_burst, o.inbound_per_hour}, now);
    auto& of_user = bucket_of(by_user_, {origin, user}, {o.inbound_per_user_burst, o.inbound_per_user_per_hour}, now);
    verdict v;
    v.wait_ms = std::max(of_server.wait_ms(o.inbound_per_hour), of_user.wait_ms(o.inbound_per_user_per_hour));
    if (v.wait_ms > 0) {
      v.is_first = of_server.told_at == 0 || now - of_server.told_at >= hour_ms;
      if (v.is_first) of_server.told_at = now;
      return v;
    }
    of_server.level -= hour_ms;
    of_user.level -= hour_ms;
    return v;
  }

private:
  static constexpr std::int64_t hour_ms = 3'600'000;

  struct bound {
    std::uint32_t burst = 0, per_hour = 0;
  };
  struct bucket {
    std::int64_t level = 0; ///< an invitation is `hour_ms`
    time_ms since = 0;
    time_ms told_at = 0; ///< when the operator was told; 0: never
    std::uint32_t wait_ms(std::uint32_t per_hour) const {
      return level >= hour_ms ? 0 : static_cast<std::uint32_t>((hour_ms - level) / per_hour + 1);
    }
  };
  static std::int64_t full(const bound& x) { return std::int64_t{x.burst} * hour_ms; }
  static void fill(bucket& b, const bound& x, time_ms now) {
    const auto missing = full(x) - b.level;
    // Longer than it takes to fill it adds nothing, and must not overflow.
    const auto passed = std::clamp<time_ms>(now - b.since, 0, missing / x.per_hour + 1);
    b.level = std::min(full(x), b.level + passed * x.per_hour);
    b.since = now;
  }
  template <class Key>
  static bucket& bucket_of(std::map<Key, bucket>& all, const Key& key, const bound& x, time_ms now) {
    auto it = all.find(key);
    if (it == all.end()) {
      if (all.size() >= buckets_max) make_room(all, x, now);
      it = all.emplace(key, bucket{full(x), now, 0}).first;
    }
    fill(it->second, x, now);
    return it->second;
  }
  template <class Key>
  static void make_room(std::map<Key, bucket>& all, const bound& x, time_ms now) {
    for (auto it = all.begin(); it != all.end();) {
      fill(it->second, x, now);
      it = it->second.level == full(x) && now - it->second.told_at >= hour_ms ? all.erase(it) : std::next(it);
    }
    if (all.size() < buckets_max) return;
    all.erase(std::min_element(all.begin(), all.end(),
                               [](const auto& a, const auto& b) { return a.second.since < b.second.since; }));
  }

  std::map<std::string, bucket> by_server_;
  std::map<std::pair<std::string, std::string>, bucket> by_user_;
};

} // namespace causeway::directory
