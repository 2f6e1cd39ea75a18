#pragma once
#include "messages/matrix/event.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What a new m.room.power_levels means for people.
namespace causeway::room {

struct role_change {
  std::string user;       ///< empty: everybody the event gives no level of their own
  std::int64_t level = 0; ///< from now on
};

/// Whose level differs, by name, the empty one first. What a level is needed for is not part of it.
/// @param create  of the room; decides who its creators are (version 12), whom no event gives a level
std::vector<role_change> role_changes(const matrix::event* create, const matrix::event& before,
                                      const matrix::event& after);

} // namespace causeway::room
