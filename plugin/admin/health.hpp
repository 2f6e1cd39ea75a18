#pragma once
#include "messages/matrix/json.hpp"
#include "messages/store.hpp"
#include "plugin/admin/rows.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What monitoring asks: is everything all right? Pure.
namespace causeway::admin {

struct health_limits {
  std::int64_t backlog_age_ms = 0, backlog_critical_ms = 0;
  std::int64_t certificate_ms = 0, certificate_critical_ms = 0; ///< before it expires
  /// So long a connected chat server may have a notification without an acknowledgement.
  std::int64_t unacknowledged_ms = 60'000, unacknowledged_critical_ms = 600'000;
};

/// What was asked for. Without a value: no answer came in time.
struct health_facts {
  std::int64_t now_ms = 0;
  std::string key_id; ///< we sign with it
  std::vector<alarm_row> alarms;
  std::vector<certificate_row> certificates; ///< empty: TLS is not ours
  std::optional<std::vector<store::destination_summary>> destinations;
  std::optional<std::vector<actor_row>> actors; ///< those that are parked; others may be among them
  std::optional<matrix::json::value> session;   ///< what it says of itself
};

/// live, store, edge, keys, certificates, backlog, clock: each once, in that order.
std::vector<check_row> check_health(const health_facts& x, const health_limits& limits);

/// The worst of them: critical before unknown before warning before ok.
std::string worst_state(const std::vector<check_row>& checks);

/// A server that has failed for longer is taken to be gone: its queue is no news, and does not count as backlog.
inline constexpr std::int64_t gone_after_ms = std::int64_t{7} * 86'400'000;
/// Notifications the chat server has not acknowledged, of one stream, from which on that is a warning.
inline constexpr std::int64_t stream_lag_warning = 1'000;

} // namespace causeway::admin
