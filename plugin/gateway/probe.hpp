#pragma once
#include "config/gateway_options.hpp"
#include "messages/probe.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace causeway::gateway {

/// What no operator has to set; tests do.
struct probe_tuning {
  std::uint16_t well_known_port = 443;
  /// The whole of it; what is not known by then is missing in the report.
  std::chrono::milliseconds patience{15'000};
  const std::atomic<bool>* is_ended = nullptr; ///< once it is true the probe ends, within 200 ms
};

/// Addresses that are tried, of all hosts together.
inline constexpr std::size_t probed_addresses_max = 8;
/// Bodies that are read, bytes.
inline constexpr std::size_t probed_body_bytes_max = 64 * 1024;

/// Looks at a homeserver as another one would that has never heard of it: server discovery from the beginning, then
/// each of its addresses by TCP, TLS, its keys and its version. A certificate that is not valid is reported, and what
/// lies behind it is read all the same: nothing secret is sent. Addresses that `options.allowed_networks` does not
/// admit are reported and not connected to.
///
/// Blocks for at most `tuning.patience`; uses no thread but the caller's, and nothing of a gateway that runs.
/// @param now_ms  wall clock, for the report
probe::report probe_server(const config::gateway_options& options, const std::string& server_name, std::int64_t now_ms,
                           const probe_tuning& tuning = {});

} // namespace causeway::gateway
