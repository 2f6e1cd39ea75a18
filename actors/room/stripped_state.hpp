#pragma once
#include "actors/room/room_state.hpp"

#include <string>
#include <string_view>

namespace causeway::room {

/// What an invited or knocking server may know of the room: a JSON array of whole events. Source: server-server-api,
/// "Stripped state"; MSC4311.
/// @param inviter  empty: nobody's membership is among them
std::string stripped_state(const room_state& room, std::string_view inviter);

} // namespace causeway::room
