#pragma once
#include "messages/matrix/auth_rules.hpp"

/// Rules 4 and 5, m.room.member. Private to the authorisation rules.
namespace causeway::matrix {

/// Rule 4: whether the room is open to the server of `user_id`. The specification closes a room by a literal false; for
/// servers anything but a literal true does.
bool may_federate(const event& create, std::string_view user_id);

/// @param levels  the levels in force before `x`
status check_membership(const event& x, const event& create, const state_lookup& state, const power_levels& levels);

} // namespace causeway::matrix
