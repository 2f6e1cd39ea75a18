#pragma once
#include "messages/matrix/auth_rules.hpp"

/// The rule on changing levels. Private to the authorisation rules.
namespace causeway::matrix {

/// Rule 10: what m.room.power_levels `x` may say and change.
/// @param levels  the levels in force before `x`
status check_power_levels(const event& x, const event& create, const state_lookup& state, const power_levels& levels);

} // namespace causeway::matrix
