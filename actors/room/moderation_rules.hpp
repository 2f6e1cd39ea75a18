#pragma once
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"
#include "messages/chat/vocabulary.hpp"
#include "messages/fault.hpp"

#include <string>

/// What member.kick, member.ban and member.unban refuse before the rules of the room are asked. `query.can` asks here
/// too, so that it says the same.
namespace causeway::room {

/// Whether anything of the kind can be done to `user`; no rule says it as clearly.
/// @returns faults not_member, invalid_param, forbidden
status may_be_moderated(const room_state& room, const std::string& by, const std::string& user);
/// The same with what their membership makes of it. @pre `what` is kick, ban or unban
/// @returns also already_exists: banned already; conflict: not banned
status may_be_moderated(const room_state& room, const room_invitations& invitations, chat::action what,
                        const std::string& by, const std::string& user);

} // namespace causeway::room
