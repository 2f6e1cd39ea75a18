#pragma once
#include "messages/matrix/event.hpp"

#include <string>
#include <vector>

namespace causeway::room {

/// Events that follow on each other in a circle, or rest on each other in one: nobody could ever place them. Only ids
/// that are given (room versions 1 and 2) allow it; an id that is a hash cannot be cited by what it is the hash of.
/// @returns the ids of each circle, of any length, among `events`; events that lead into a circle are no part of it
std::vector<std::vector<std::string>> circles_among(const std::vector<matrix::event_ptr>& events);

} // namespace causeway::room
