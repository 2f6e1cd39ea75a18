#pragma once
#include "actors/effects.hpp"
#include "config/federation_options.hpp"

#include <string_view>

namespace causeway::remote_server {

/// Pause after `failures` failures in a row (>= 1): doubling from the minimum to the cap for the first day, then the
/// late interval; spread by `retry_jitter_percent` so that a thousand destinations of one outage do not come back as
/// one.
/// @param failing_since  time of the first failure
/// @returns milliseconds
time_ms back_off(const config::federation_options& options, std::uint32_t failures, time_ms failing_since, time_ms now,
                 std::string_view server_name);

/// Longer than any pause before a destination is tried again, ms: the spread, and an hour that a server may ask for,
/// included.
time_ms back_off_max(const config::federation_options& options);

} // namespace causeway::remote_server
