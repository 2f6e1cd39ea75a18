#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/json.hpp"

#include <string_view>

namespace causeway::admin {

/// What a notification is about, as JSON: all its fields, with names of rooms, users, events and kinds as they are; of
/// any other text only its length, since no operator's command shows what people write.
/// @returns bad_body: it is no msgpack map, or over the bounds of edge::unpacked_map
result<matrix::json::object> outline_of_msgpack(std::string_view bytes);

} // namespace causeway::admin
