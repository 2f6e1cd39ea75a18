#pragma once
#include "actors/due.hpp"
#include "actors/remote_server/bucket.hpp"

#include <cstddef>
#include <string>
#include <unordered_map>

namespace causeway::remote_server {

/// How many questions of one address are still answered, for doors at which nobody says who they are. Addresses are
/// `peer_of` (messages/peer_address.hpp).
class address_budget {
public:
  /// Addresses remembered. Beyond it those not yet remembered share one bucket: nobody is shut out by an attack from
  /// many addresses, and together they get no more than one.
  static constexpr std::size_t addresses_max = 10'000;

  /// @param address  empty: not known (behind a proxy that does not tell), and not counted
  /// @returns 0: taken; else in how many milliseconds the next one is
  std::uint32_t take(const std::string& address, std::uint32_t per_second, std::uint32_t burst, time_ms now) {
    if (address.empty()) return 0;
    auto it = buckets_.find(address);
    if (it == buckets_.end() && buckets_.size() >= addresses_max) forget_the_idle(per_second, burst, now);
    if (it == buckets_.end() && buckets_.size() >= addresses_max) return others_.take(per_second, burst, now);
    if (it == buckets_.end()) it = buckets_.emplace(address, bucket{}).first;
    return it->second.take(per_second, burst, now);
  }
  std::size_t size() const { return buckets_.size(); }

private:
  /// All are gone through this often at most.
  static constexpr time_ms sweep_ms = 1'000;

  void forget_the_idle(std::uint32_t per_second, std::uint32_t burst, time_ms now) {
    if (is_within(swept_, sweep_ms, now)) return;
    swept_ = now;
    std::erase_if(buckets_, [&](const auto& one) { return one.second.is_full(per_second, burst, now); });
  }

  std::unordered_map<std::string, bucket> buckets_;
  bucket others_;
  time_ms swept_ = 0;
};

} // namespace causeway::remote_server
