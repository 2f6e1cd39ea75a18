#pragma once
#include "actors/room/room_state.hpp"
#include "messages/matrix/event.hpp"
#include "messages/room.hpp"

namespace causeway::room {

/// What the invitation of one of ours hears of an invite in the room.
invited_membership_changed word_of_invite(const room_state& room, const matrix::event_ptr& invite);

} // namespace causeway::room
