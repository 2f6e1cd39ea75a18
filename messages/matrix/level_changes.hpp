#pragma once
#include "messages/matrix/power_level.hpp"

#include <optional>
#include <string>
#include <vector>

/// What changed between two members of m.room.power_levels that should be objects of levels. Private to the
/// authorisation rules.
namespace causeway::matrix {

struct level_change {
  std::string key;
  std::optional<power_level> before, after;
};

/// The members `before` and `after` of two events, null where an event lacks it, with the rules of either's room
/// version. Levels are compared as numbers: "50" and 50 are the same, and such an entry may be left out.
/// @returns nothing when a level, or one of the two members, cannot be read: no such change is authorized.
///
/// Up to version 9 nothing but `users` has to be an object. Synapse compares whatever is there as Python does: the
/// items of a list are keys, and a key that is an integer is an index of the list too. A room may have been through
/// that, so we do the same.
std::optional<std::vector<level_change>> level_changes(const json::value* before,
                                                       const room_version_rules& rules_before, const json::value* after,
                                                       const room_version_rules& rules);

} // namespace causeway::matrix
