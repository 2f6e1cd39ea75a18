#pragma once
#include "messages/matrix/event.hpp"

#include <string>
#include <string_view>

namespace causeway::invitation {

/// Body of PUT /v2/invite. What the invited server may know of the room is told twice: beside the event, whole, as the
/// specification has it, and in the event's `unsigned` in stripped form, where the old endpoint has it. Servers that
/// keep nothing but the event look there (Rocket.Chat: what has no name there is a direct message). Nobody signs
/// `unsigned`, and no receiver has to keep it. Entries that would make the event larger than an event may be, the
/// signature of the other server included, are left out of it.
/// @param invite_room_state  JSON array of events, most important first
std::string invite_request_body(const matrix::event& invite, std::string_view room_version,
                                const std::string& invite_room_state);

} // namespace causeway::invitation
