#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The table of federation endpoints: one row per method and path. Source: server-server-api.
namespace causeway::matrix {

/// Named as the specification names the path.
enum class endpoint : std::uint8_t {
  well_known,
  version,
  key_server,
  send,
  make_join,
  send_join_v1,
  send_join_v2,
  make_knock,
  send_knock,
  make_leave,
  send_leave_v1,
  send_leave_v2,
  invite_v1,
  invite_v2,
  event,
  state,
  state_ids,
  backfill,
  get_missing_events,
  event_auth,
  query_profile,
  query_directory,
  key_query,
  key_query_batch,
  public_rooms,
  public_rooms_filtered,
  hierarchy,
  timestamp_to_event,
  user_devices,
  user_keys_query,
  user_keys_claim,
  openid_userinfo,
  policy_sign,
  media_download,
  media_thumbnail,
  media_download_v3, ///< of the client API, without authentication: only asked, of servers that do not know the others
};

enum class authentication : std::uint8_t { open, x_matrix };

struct endpoint_info {
  endpoint id;
  std::string_view method;
  /// Path with `{}` for each parameter, e.g. "/_matrix/federation/v1/make_join/{}/{}".
  std::string_view path;
  authentication auth = authentication::x_matrix;
  /// Body bound in bytes; 0: no body expected.
  std::size_t body_bytes_max = 0;
  bool only_called = false; ///< we ask others for it and do not serve it: no request matches
};

/// A request line taken apart.
struct endpoint_match {
  const endpoint_info* info = nullptr;
  std::vector<std::string> parameters;                    ///< path parameters, percent-decoded
  std::vector<std::pair<std::string, std::string>> query; ///< decoded ('+' is a blank), in order, repeats kept
  /// First value of `name`, or null.
  const std::string* find_query(std::string_view name) const;
};

/// @param target  path and query as on the wire
/// @returns faults unrecognized (404), method_not_allowed (405), invalid_param (bad percent encoding)
result<endpoint_match> match_endpoint(std::string_view method, std::string_view target);
const endpoint_info& info(endpoint id);

/// Percent-encodes all but unreserved characters, for a path or query component.
std::string percent_encode(std::string_view text);
/// Nothing for an incomplete escape or text that is not UTF-8. A '+' stays: this is for
/// paths, where it stands for itself (event ids of version 3 contain it).
std::optional<std::string> percent_decode(std::string_view text);
/// Path of `id` with its parameters encoded, e.g. endpoint_path(endpoint::event, {event_id}).
std::string endpoint_path(endpoint id, const std::vector<std::string_view>& parameters);

} // namespace causeway::matrix
