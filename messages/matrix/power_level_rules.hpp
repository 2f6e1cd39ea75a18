#pragma once
#include "messages/matrix/auth_rules.hpp"

#include <cstdint>
#include <optional>

/// Levels as numbers and the rule on changing them. Private to the authorisation rules.
namespace causeway::matrix {

/// A level as the room's version writes it: an integer; up to version 9 also a string that is one (sign, leading zeros and
/// surrounding white space allowed); where numbers are lenient (versions 1-5) also a float, truncated.
/// Values beyond 64 bits are cut to just inside them, so that no level reaches `infinite_power`.
/// @returns nothing for any other kind of value; a boolean is no integer
std::optional<std::int64_t> read_level(const json::value& x, const room_version_rules& rules);

/// Rule 10: what m.room.power_levels `x` may say and change.
/// @param levels  the levels in force before `x`
status check_power_levels(const event& x, const event& create, const state_lookup& state, const power_levels& levels);

} // namespace causeway::matrix
