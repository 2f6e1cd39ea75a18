#pragma once
#include "messages/matrix/event.hpp"

#include <string>

namespace causeway::invitation {

/// An invite that came by PUT /invite.
struct arrived_invite {
  matrix::event_ptr event; ///< with our signature, once it is verified
  std::string room_version;
  std::string invite_room_state; ///< what is kept of it
  std::string type;              ///< of the room
};

} // namespace causeway::invitation
