#pragma once
#include "actors/context.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What goes along when a room is upgraded. Pure. Source: client-server-api, "Room Upgrades"; room version 12 for what
/// it demands of the levels.
namespace causeway::room {

/// Bans that are taken along, the first by user id.
inline constexpr std::size_t copied_bans_max = 1'000;

/// The create event of the successor, which names `old` as what it goes on from.
/// @param by  Matrix id of the user of ours who makes it. @param random  of the new room's id, see found_room
result<matrix::event_ptr> successor_create(const room_state& old, const matrix::room_version_rules& rules,
                                           const std::string& by, std::string_view random, time_ms now);

/// State of `old` that its successor is made of: settings, bans, members of ours.
std::vector<matrix::event_ptr> state_to_copy(const room_state& old);

/// The events behind the create event, in order. The levels come last but one: until then whoever makes the room may do
/// all of it.
std::vector<draft> successor_drafts(const context& node, const successor_request& m);

} // namespace causeway::room
