#pragma once
#include "messages/fault.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Names and headers of files: mxc URIs, media types, Content-Disposition. Everything here may come from strangers.
namespace causeway::matrix {

/// `mxc://server_name/media_id`; the parts refer to the text.
struct mxc_parts {
  std::string_view server_name, media_id;
};
/// Nothing unless the server name is one and the media id is `[A-Za-z0-9_-]+` of at most limits::media_id_bytes_max
/// bytes.
/// Spec: client-server-api, "Matrix Content (mxc://) URIs".
std::optional<mxc_parts> split_mxc(std::string_view text);
bool is_media_id(std::string_view text);
std::string make_mxc(std::string_view server_name, std::string_view media_id);

/// A header value of the form `token[/token]; name=value; ...` (RFC 9110, 8.3.1; RFC 6266).
struct header_value {
  std::string first;                                           ///< lower case, e.g. "image/png", "attachment"
  std::vector<std::pair<std::string, std::string>> parameters; ///< names in lower case, values without quotes
  /// Null when there is none.
  const std::string* find(std::string_view name) const;
};
/// Nothing for text that is not of that form, over 4 KiB, or with more than 16 parameters.
std::optional<header_value> parse_header_value(std::string_view text);
/// The same, and `first` is `type/subtype`.
std::optional<header_value> parse_media_type(std::string_view text);

/// Whether a browser that shows such a file beside other content takes no harm. Everything else is sent as
/// `attachment`.
/// Spec: client-server-api, "Serving inline content".
bool is_inline_safe(std::string_view media_type);
/// The type to send a file with: `told` where it is one, else application/octet-stream.
std::string served_media_type(std::string_view told);
/// `inline` or `attachment` by the type, and the file name in the form of RFC 6266 where there is one.
std::string content_disposition(std::string_view media_type, std::string_view file_name);
/// The file name that a Content-Disposition tells; empty: none that can be used.
std::string file_name_of(std::string_view content_disposition);
/// What of `told` may be used as a file name: no folders, no control characters, UTF-8, at most 255 bytes.
std::string safe_file_name(std::string_view told);

} // namespace causeway::matrix
