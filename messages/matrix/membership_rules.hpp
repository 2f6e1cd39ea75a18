#pragma once
#include "messages/matrix/auth_rules.hpp"

/// Rule 5, m.room.member. Private to the authorisation rules.
namespace causeway::matrix {

/// @param levels  the levels in force before `x`
status check_membership(const event& x, const event& create, const state_lookup& state, const power_levels& levels);

} // namespace causeway::matrix
