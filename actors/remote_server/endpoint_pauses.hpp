#pragma once
#include "actors/due.hpp"
#include "messages/matrix/endpoints.hpp"

#include <map>

namespace causeway::remote_server {

/// What a server has asked for with 429 or 503 and a time (Retry-After, retry_after_ms): a pause in this
/// kind of request. Limits are kept by endpoint, so the others go on: who is asked for too many joins still takes
/// transactions. That of `send` is the queue's own (transaction_queue.cpp).
class endpoint_pauses {
public:
  /// Longer is not waited for: a day may be a mistake.
  static constexpr time_ms asked_for_ms_max = 3'600'000;

  void heard(matrix::endpoint from, time_ms pause_ms, time_ms now) {
    if (pause_ms > 0) until_[from] = now + pause_ms;
    else until_.erase(from);
  }
  /// How long that pause still is, ms; 0: not at all.
  time_ms left(matrix::endpoint with, time_ms now) const {
    const auto it = until_.find(with);
    return it == until_.end() || is_due(it->second, now, asked_for_ms_max) ? 0 : it->second - now;
  }

private:
  std::map<matrix::endpoint, time_ms> until_;
};

} // namespace causeway::remote_server
