#pragma once
#include "messages/matrix/signing.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// X-Matrix request authentication. Source: server-server-api, "Request Authentication".
namespace causeway::matrix {

struct x_matrix {
  std::string origin;
  std::optional<std::string> destination;
  std::string key_id;
  std::string signature; ///< unpadded base64; parameter `sig` on the wire
};

/// Parses one Authorization header value. Names are case-insensitive, values quoted or tokens, unknown ones ignored.
/// Does not verify anything: `destination` and the signature are still to be checked.
/// @returns fault unauthorized; the detail names the parameter
result<x_matrix> parse_x_matrix(std::string_view header);
/// Whose a request says it is, before anything is verified: the first server name of its headers, and all headers of
/// that name.
struct origin_claim {
  std::string origin; ///< empty: nobody's
  std::vector<std::string> headers;
  fault problem; ///< unauthorized: why it is nobody's, where no header can be used
};
origin_claim claimed_origin(const std::vector<std::string>& authorization);
/// The bytes that are signed: canonical JSON of method, uri, origin, destination, content.
/// @param uri      path and query exactly as on the wire
/// @param content  null when the request has no body
std::string request_signed_bytes(std::string_view method, std::string_view uri, std::string_view origin,
                                 std::string_view destination, const json::value* content);
/// The same for content that is canonical JSON already; nothing when the request has no body.
std::string request_signed_bytes_of_text(std::string_view method, std::string_view uri, std::string_view origin,
                                         std::string_view destination,
                                         std::optional<std::string_view> canonical_content);
/// The Authorization header value of a request we send.
std::string sign_request(std::string_view method, std::string_view uri, std::string_view origin,
                         std::string_view destination, const json::value* content, const signing_key& key);
std::string sign_request_of_text(std::string_view method, std::string_view uri, std::string_view origin,
                                 std::string_view destination, std::optional<std::string_view> canonical_content,
                                 const signing_key& key);

} // namespace causeway::matrix
