#pragma once
#include "actors/remote_server/bucket.hpp"
#include "config/federation_options.hpp"

#include <cstdint>

namespace causeway::remote_server {

/// How many requests of one server are still answered, and how much: a question of few bytes may have an answer of
/// many. Counted after authentication, so nobody uses up the share of another.
class request_budget {
public:
  /// @returns 0: taken; else in how many milliseconds the next one is
  std::uint32_t take(const config::federation_options& o, time_ms now) {
    // The size of an answer is known when it is made: what was too much has to be waited for by the next request.
    if (const auto wait = bytes_.take(kib_per_second(o), kib_burst(o), now, 0); wait > 0) return wait;
    return requests_.take(o.inbound_requests_per_second, o.inbound_requests_burst, now);
  }
  /// One request that is as dear as so many more.
  void charge_requests(const config::federation_options& o, time_ms now, std::size_t requests) {
    requests_.charge(o.inbound_requests_per_second, o.inbound_requests_burst, now, static_cast<std::int64_t>(requests));
  }
  void charge_answer(const config::federation_options& o, time_ms now, std::uint64_t bytes) {
    bytes_.charge(kib_per_second(o), kib_burst(o), now, static_cast<std::int64_t>(bytes / 1024));
  }

private:
  static std::int64_t kib_per_second(const config::federation_options& o) {
    return std::int64_t{o.inbound_answers_mib_per_second} * 1024;
  }
  static std::int64_t kib_burst(const config::federation_options& o) {
    return std::int64_t{o.inbound_answers_mib_burst} * 1024;
  }

  bucket requests_, bytes_;
};

} // namespace causeway::remote_server
