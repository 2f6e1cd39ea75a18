#pragma once
#include "messages/chat/vocabulary.hpp"
#include "messages/matrix/event.hpp"

#include <string>

namespace causeway::invitation {

/// An invite that came by PUT /invite.
struct arrived_invite {
  matrix::event_ptr event; ///< with our signature, once it is verified
  std::string room_version;
  std::string invite_room_state;                   ///< what is kept of it
  chat::room_type type = chat::room_type::channel; ///< of the room
};

} // namespace causeway::invitation
