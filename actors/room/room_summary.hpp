#pragma once
#include "actors/room/room_state.hpp"
#include "messages/matrix/json.hpp"

namespace causeway::room {

/// The room's entry of public directories and hierarchies. Source: server-server-api, "Public Room Directory",
/// "Spaces".
/// @pre the room exists
matrix::json::object summary_of(const room_state& room);

} // namespace causeway::room
