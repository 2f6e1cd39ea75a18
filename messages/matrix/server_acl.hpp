#pragma once
#include "messages/matrix/json.hpp"

#include <string_view>

namespace causeway::matrix {

/// Whether m.room.server_acl lets `server_name` take part. Port ignored, case-insensitive, globs `*` and `?`.
/// @param content  of the current m.room.server_acl event; null when the room has none
/// Source: client-server-api, "m.room.server_acl".
bool server_acl_allows(const json::object* content, std::string_view server_name);

/// Glob match with `*` and `?`, ASCII case-insensitive. Cost: at most the product of the lengths, for any pattern.
bool glob_matches(std::string_view pattern, std::string_view text);

} // namespace causeway::matrix
