#include "actors/remote_server/back_off.hpp"

#include <algorithm>

namespace causeway::remote_server {

time_ms back_off(const config::federation_options& options, std::uint32_t failures, time_ms failing_since, time_ms now,
                 std::string_view server_name) {
  constexpr time_ms day_ms = 24 * 3'600'000;
  time_ms pause = options.retry_delay_late_ms;
  if (now - failing_since < day_ms) {
    const auto doublings = std::min(failures > 0 ? failures - 1 : 0, 30u);
    pause = std::min<time_ms>(time_ms{options.retry_delay_ms_min} << doublings, options.retry_delay_ms_max);
  }
  // The spread comes from the name and the count: no randomness is needed to keep servers apart.
  std::uint64_t hash = 14'695'981'039'346'656'037u + failures;
  for (unsigned char c : server_name) hash = (hash ^ c) * 1'099'511'628'211u;
  const auto span = static_cast<std::int64_t>(options.retry_jitter_percent);
  const auto percent = span == 0 ? 0 : static_cast<std::int64_t>(hash % (2 * span + 1)) - span;
  return pause + pause * percent / 100;
}

time_ms back_off_max(const config::federation_options& options) {
  constexpr time_ms asked_for_ms_max = 3'600'000;
  const auto longest = std::max(
    {time_ms{options.retry_delay_ms_min}, time_ms{options.retry_delay_ms_max}, time_ms{options.retry_delay_late_ms}});
  return std::max(longest + longest * time_ms{options.retry_jitter_percent} / 100, asked_for_ms_max);
}

} // namespace causeway::remote_server
