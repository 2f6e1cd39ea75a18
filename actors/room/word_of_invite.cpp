#include "actors/room/word_of_invite.hpp"

#include "actors/room/stripped_state.hpp"

namespace causeway::room {

invited_membership_changed word_of_invite(const room_state& room, const matrix::event_ptr& invite) {
  const auto* reason = invite->content().find("reason");
  invited_membership_changed m{matrix::membership::invite, invite->sender,
                               reason && reason->as_string() ? *reason->as_string() : std::string{}, invite};
  m.chat_room_id = room.head.chat_room_id;
  m.type = room.type();
  m.invite_room_state = stripped_state(room, invite->sender);
  return m;
}

} // namespace causeway::room
