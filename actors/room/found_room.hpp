#pragma once
#include "actors/context.hpp"
#include "actors/effects.hpp"
#include "messages/chat/commands.hpp"
#include "messages/matrix/event.hpp"

#include <string_view>

namespace causeway::room {

/// The create event of a new room: it names the room (up to version 11 by `random`, from 12 by its own hash, which
/// `random` makes unique), so it has to exist before the room's actor does.
/// @param creator  Matrix id of a local user: `wanted.creator`, or the service user who makes it for them
/// @param random   18 random bytes in base64url; unique
result<matrix::event_ptr> found_room(const context& node, const chat::room_create& wanted, std::string_view creator,
                                     std::string_view random, time_ms now);

/// The same with a content of its own, which gets the version and what makes it unique.
result<matrix::event_ptr> sign_create(const context& node, const matrix::room_version_rules& rules,
                                      std::string_view creator, matrix::json::object content, std::string_view random,
                                      time_ms now);

} // namespace causeway::room
