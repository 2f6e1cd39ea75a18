#pragma once
#include "actors/decision.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/event.hpp"

#include <string>

namespace causeway::room {

/// Which room another one goes on as, and who says so.
struct succession {
  std::string room_id, room_version;
  std::string by;
  std::string tombstone; ///< event id of the m.room.tombstone
  time_ms ts = 0;
};

/// What room.upgrade refuses before the rules of the room are asked; `query.can` asks it too.
/// @returns faults already_exists: it goes on as another; conflict: it is about to, by another server's word
status may_go_on(const room_state& room);

/// Our users are in the successor: tells the chat server, and gives the room's own id to the successor, in one commit.
/// From then on commands that name the room by it go there. Source: client-server-api, "Room Upgrades".
void go_on_as(const room_state& room, decision& out, event_writer& writer, chat_notifier& notifier,
              const succession& next);

/// The room that an m.room.tombstone names; empty: none, or this very room.
std::string replacement_in(const matrix::event& tombstone);

} // namespace causeway::room
