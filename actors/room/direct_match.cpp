// Whether a room is the direct message that two people are to have: asked before a second one is made.
#include "actors/room/room_invitations.hpp"

#include "actors/room_type.hpp"

namespace causeway::room {

bool room_invitations::is_direct_between(const std::string& creator, const std::string& other) const {
  if (!room_.takes_part() || room_.head.type != chat::room_type::dm || !room_.head.federated) return false;
  // One that goes on as another room is over.
  if (!room_.head.successor.empty() || room_.graph.state_event("m.room.tombstone")) return false;
  const auto membership = room_.graph.membership(other);
  return room_.graph.membership(creator) == matrix::membership::join &&
         (membership == matrix::membership::join || membership == matrix::membership::invite || is_uncommitted(other));
}

void room_invitations::tell_direct(const direct_request& m) {
  out_.send({actor_kind::directory, ""}, direct_response{m.asked, is_direct_between(m.creator, m.other),
                                                         room_.head.chat_room_id, room_.head.room_version});
}

} // namespace causeway::room
