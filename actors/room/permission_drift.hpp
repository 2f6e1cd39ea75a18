#pragma once
#include "actors/decision.hpp"
#include "actors/room/room_graph.hpp"
#include "actors/room/room_state.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// Whose power differs from what the chat server has set or was told, and not by a command of its own. Contract:
/// CONTRACT.md, "Roles".
///
/// In rooms we have made: what our users can do no more since somebody else changed the levels, or since state
/// resolution has. In a room of others it is theirs to say who may do what, and `role.changed` tells it.
/// @param c  of m.room.power_levels
/// @param is_to_be_given  whether a user's level is about to be given once more (lost_levels): not told yet
/// @returns at most `drifts_told_max`, those who had most power first
std::vector<chat::permission_drift> permission_drifts(const room_state& room, const state_change& c,
                                                      const std::function<bool(const std::string&)>& is_to_be_given);
inline constexpr std::size_t drifts_told_max = 50;

/// The levels that were in force before a change of them, as whoever made it knew them; null: there were none, or they
/// are not at hand.
matrix::event_ptr levels_before(const room_state& room, const matrix::event& levels);
/// Changes of the levels that are looked through for one that lies before another.
inline constexpr std::size_t level_changes_followed_max = 1'000;

/// A level that one of ours has given and other changes have put aside for good.
chat::permission_drift lost_update(const room_state& room, const std::string& user, std::int64_t level);

/// The level that has the role again which a drift has taken, as the levels are now; nothing: none of ours may give it.
std::optional<std::int64_t> level_to_give(const room_state& room, const chat::permission_drift& x);

void notify(const room_state& room, decision& out, chat::permission_drift x);

} // namespace causeway::room
