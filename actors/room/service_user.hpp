#pragma once
#include "actors/room/room_state.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace causeway::room {

/// A user of ours who has founded the room and stands above everybody in it, so that any role can be changed: two
/// owners of the same level could not take it from each other (`room.service_user`). The room's create event names
/// them; that of another server's user names nobody of ours. CONTRACT.md, "Roles".
inline constexpr const char* service_user_key = "causeway.service_user";
/// Their level, where a version gives those who make a room none beyond all levels: owners have 100.
inline constexpr std::int64_t service_user_level = 101;

/// @returns their id while they are a member; empty: the room has none
std::string service_user_of(const room_state& room);

/// In whose name another level of `user` is tried, in order: `by` first, and where they are an owner the service user,
/// who does not give up their own.
std::vector<std::string> who_changes_levels(const room_state& room, const std::string& by, const std::string& user);

/// Whether of ours nobody but the service user is left: they go, too.
bool is_left_to_service_user(const room_state& room);

} // namespace causeway::room
