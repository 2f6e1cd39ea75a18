#pragma once
#include "messages/matrix/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Whom a message calls.
namespace causeway::room {

/// Most users a message calls; further ones are left out.
inline constexpr std::size_t mentions_told_max = 1'000;

/// Users, each once, in the order they are named; "@room" for everybody.
///
/// `m.mentions` counts where there is one, an empty one too. Clients that write none (before version 1.7 of the
/// specification, and many bridges) call people by links in `formatted_body`: `https://matrix.to/#/@user:server` or
/// `matrix:u/user:server`, and everybody by a link to the room itself that reads @all, @here or @room, or by @room in
/// `body`. What stands in `<mx-reply>` was said by another.
/// Source: client-server-api, "User and room mentions"; appendices, "matrix.to navigation", "Matrix URI scheme".
/// @param content  of an m.room.message; from a stranger
/// @param room_id  the room it was said in
std::vector<std::string> mentions_of(const matrix::json::object& content, std::string_view room_id);

} // namespace causeway::room
