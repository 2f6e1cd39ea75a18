#include "actors/room/moderation_rules.hpp"

namespace causeway::room {

using matrix::membership;

status may_be_moderated(const room_state& room, const std::string& by, const std::string& user) {
  if (room.graph.membership(by) != membership::join) return {fault_code::not_member, by + " is not in the room"};
  if (by == user) return {fault_code::invalid_param, "user: is `by`; whoever wants to go leaves: member.leave"};
  if (room.graph.rules().privileged_creators && room.graph.levels().is_creator(user))
    return {fault_code::forbidden, user + " has made the room: in its version nobody is above a creator"};
  return ok();
}

status may_be_moderated(const room_state& room, const room_invitations& invitations, chat::action what,
                        const std::string& by, const std::string& user) {
  if (auto fine = may_be_moderated(room, by, user); !fine) return fine;
  const auto now = room.graph.membership(user);
  const bool is_here = now == membership::join || now == membership::invite || now == membership::knock;
  if (what == chat::action::kick && !is_here && !invitations.is_uncommitted(user))
    return {fault_code::not_member, user + " is neither in the room nor invited"};
  if (what == chat::action::ban && now == membership::ban)
    return {fault_code::already_exists, user + " is banned already"};
  if (what == chat::action::unban && now != membership::ban) return {fault_code::conflict, user + " is not banned"};
  return ok();
}

} // namespace causeway::room
