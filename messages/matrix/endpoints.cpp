#include "messages/matrix/endpoints.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/json.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

namespace causeway::matrix {
namespace {

constexpr auto transaction_bytes = limits::transaction_bytes_max;
constexpr auto request_bytes = limits::request_bytes_max;

constexpr std::array endpoint_rows = [] {
  using enum endpoint;
  using enum authentication;
  return std::array{
    endpoint_info{well_known, "GET", "/.well-known/matrix/server", open, 0},
    endpoint_info{version, "GET", "/_matrix/federation/v1/version", open, 0},
    endpoint_info{key_server, "GET", "/_matrix/key/v2/server", open, 0},
    endpoint_info{send, "PUT", "/_matrix/federation/v1/send/{}", x_matrix, transaction_bytes},
    endpoint_info{make_join, "GET", "/_matrix/federation/v1/make_join/{}/{}", x_matrix, 0},
    endpoint_info{send_join_v1, "PUT", "/_matrix/federation/v1/send_join/{}/{}", x_matrix, request_bytes},
    endpoint_info{send_join_v2, "PUT", "/_matrix/federation/v2/send_join/{}/{}", x_matrix, request_bytes},
    endpoint_info{make_knock, "GET", "/_matrix/federation/v1/make_knock/{}/{}", x_matrix, 0},
    endpoint_info{send_knock, "PUT", "/_matrix/federation/v1/send_knock/{}/{}", x_matrix, request_bytes},
    endpoint_info{make_leave, "GET", "/_matrix/federation/v1/make_leave/{}/{}", x_matrix, 0},
    endpoint_info{send_leave_v1, "PUT", "/_matrix/federation/v1/send_leave/{}/{}", x_matrix, request_bytes},
    endpoint_info{send_leave_v2, "PUT", "/_matrix/federation/v2/send_leave/{}/{}", x_matrix, request_bytes},
    endpoint_info{invite_v1, "PUT", "/_matrix/federation/v1/invite/{}/{}", x_matrix, request_bytes},
    endpoint_info{invite_v2, "PUT", "/_matrix/federation/v2/invite/{}/{}", x_matrix, request_bytes},
    endpoint_info{endpoint::event, "GET", "/_matrix/federation/v1/event/{}", x_matrix, 0},
    endpoint_info{state, "GET", "/_matrix/federation/v1/state/{}", x_matrix, 0},
    endpoint_info{state_ids, "GET", "/_matrix/federation/v1/state_ids/{}", x_matrix, 0},
    endpoint_info{backfill, "GET", "/_matrix/federation/v1/backfill/{}", x_matrix, 0},
    endpoint_info{get_missing_events, "POST", "/_matrix/federation/v1/get_missing_events/{}", x_matrix, request_bytes},
    endpoint_info{event_auth, "GET", "/_matrix/federation/v1/event_auth/{}/{}", x_matrix, 0},
    endpoint_info{query_profile, "GET", "/_matrix/federation/v1/query/profile", x_matrix, 0},
    endpoint_info{query_directory, "GET", "/_matrix/federation/v1/query/directory", x_matrix, 0},
    endpoint_info{key_query, "GET", "/_matrix/key/v2/query/{}", open, 0},
    endpoint_info{key_query_batch, "POST", "/_matrix/key/v2/query", open, limits::key_query_bytes_max},
    endpoint_info{public_rooms, "GET", "/_matrix/federation/v1/publicRooms", x_matrix, 0},
    endpoint_info{public_rooms_filtered, "POST", "/_matrix/federation/v1/publicRooms", x_matrix, request_bytes},
    endpoint_info{hierarchy, "GET", "/_matrix/federation/v1/hierarchy/{}", x_matrix, 0},
    endpoint_info{timestamp_to_event, "GET", "/_matrix/federation/v1/timestamp_to_event/{}", x_matrix, 0},
    endpoint_info{user_devices, "GET", "/_matrix/federation/v1/user/devices/{}", x_matrix, 0},
    endpoint_info{user_keys_query, "POST", "/_matrix/federation/v1/user/keys/query", x_matrix, request_bytes},
    endpoint_info{user_keys_claim, "POST", "/_matrix/federation/v1/user/keys/claim", x_matrix, request_bytes},
    endpoint_info{openid_userinfo, "GET", "/_matrix/federation/v1/openid/userinfo", open, 0},
    endpoint_info{policy_sign, "POST", "/_matrix/policy/v1/sign", x_matrix, request_bytes, true},
    endpoint_info{media_download, "GET", "/_matrix/federation/v1/media/download/{}", x_matrix, 0},
    endpoint_info{media_thumbnail, "GET", "/_matrix/federation/v1/media/thumbnail/{}", x_matrix, 0},
    endpoint_info{media_download_v3, "GET", "/_matrix/media/v3/download/{}/{}", open, 0},
  };
}();

/// Older peers still name the key they want; the answer is the same.
constexpr endpoint_info old_key_server{endpoint::key_server, "GET", "/_matrix/key/v2/server/{}", authentication::open,
                                       0};

int hex_digit(char x) {
  if (x >= '0' && x <= '9') return x - '0';
  if (x >= 'a' && x <= 'f') return x - 'a' + 10;
  if (x >= 'A' && x <= 'F') return x - 'A' + 10;
  return -1;
}

/// Takes the text up to `separator` off `rest`.
std::string_view next_part(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

/// Whether `path` has the form of `pattern`; collects the raw parameters, which are never empty.
bool matches(std::string_view pattern, std::string_view path, std::vector<std::string_view>& parameters) {
  parameters.clear();
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = next_part(pattern, '/');
    const auto got = next_part(path, '/');
    if (wanted == "{}" && !got.empty()) parameters.push_back(got);
    else if (wanted != got) return false;
  }
  return pattern.empty() && path.empty();
}

/// In a query a '+' is a blank, as forms have it and most libraries write it. Event ids have no blanks, and those of
/// version 3 contain a '+' that not everybody escapes.
std::optional<std::string> query_decode(std::string_view text) {
  if (text.starts_with('$') || text.starts_with("%24")) return percent_decode(text);
  std::string with_blanks{text};
  std::replace(with_blanks.begin(), with_blanks.end(), '+', ' ');
  return percent_decode(with_blanks);
}

} // namespace

const std::string* endpoint_match::find_query(std::string_view name) const {
  const auto at = std::find_if(query.begin(), query.end(), [&](const auto& x) { return x.first == name; });
  return at == query.end() ? nullptr : &at->second;
}

result<endpoint_match> match_endpoint(std::string_view method, std::string_view target) {
  auto rest = target;
  auto path = next_part(rest, '?');
  // Servers accept one slash at the end.
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);

  endpoint_match found;
  std::vector<std::string_view> parameters;
  bool path_known = false;
  const auto try_row = [&](const endpoint_info& row) {
    if (found.info || row.only_called || !matches(row.path, path, parameters)) return;
    path_known = true;
    if (row.method == method) found.info = &row;
  };
  for (const auto& row : endpoint_rows) {
    try_row(row);
    if (found.info) break;
  }
  if (!path_known) try_row(old_key_server);
  if (!path_known) return {fault_code::unrecognized, "path"};
  if (!found.info) return {fault_code::method_not_allowed, "method"};

  for (const auto raw : parameters) {
    auto decoded = percent_decode(raw);
    if (!decoded) return {fault_code::invalid_param, "path: bad percent encoding"};
    found.parameters.push_back(std::move(*decoded));
  }
  while (!rest.empty()) {
    auto value = next_part(rest, '&');
    if (value.empty()) continue;
    const auto name = next_part(value, '=');
    auto decoded_name = query_decode(name), decoded_value = query_decode(value);
    if (!decoded_name || !decoded_value) return {fault_code::invalid_param, "query: bad percent encoding"};
    found.query.emplace_back(std::move(*decoded_name), std::move(*decoded_value));
  }
  return found;
}

const endpoint_info& info(endpoint id) {
  const auto* row = std::find_if(endpoint_rows.begin(), endpoint_rows.end(), [&](const auto& x) { return x.id == id; });
  if (row == endpoint_rows.end()) throw std::logic_error("endpoint without a row");
  return *row;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return {};
    const auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  if (!json::is_utf8(out)) return {};
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  const auto unreserved = [](char x) {
    return (x >= '0' && x <= '9') || (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || x == '-' || x == '.' ||
           x == '_' || x == '~';
  };
  std::string out;
  out.reserve(text.size());
  for (char x : text) {
    if (unreserved(x)) {
      out += x;
      continue;
    }
    out += '%';
    out += digits[static_cast<unsigned char>(x) >> 4];
    out += digits[x & 0xf];
  }
  return out;
}

std::string endpoint_path(endpoint id, const std::vector<std::string_view>& parameters) {
  std::string out;
  auto pattern = info(id).path;
  for (const auto parameter : parameters) {
    const auto at = pattern.find("{}");
    if (at == std::string_view::npos) throw std::logic_error("endpoint_path: too many parameters");
    out += pattern.substr(0, at);
    out += percent_encode(parameter);
    pattern.remove_prefix(at + 2);
  }
  if (pattern.find("{}") != std::string_view::npos) throw std::logic_error("endpoint_path: too few parameters");
  out += pattern;
  return out;
}

} // namespace causeway::matrix
