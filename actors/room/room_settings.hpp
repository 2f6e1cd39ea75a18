#pragma once
#include "actors/room/authoring.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/room_state.hpp"

#include <string>

namespace causeway::room {

/// room.set_name, room.set_topic, room.set_avatar. What a room is called says nothing of its type: that stays.
class room_settings {
public:
  room_settings(const room_state& room, authoring& author) : room_(room), authoring_(author) {}

  command_outcome run(const queued_command& c, const chat::room_set_name& x);
  command_outcome run(const queued_command& c, const chat::room_set_topic& x);
  command_outcome run(const queued_command& c, const chat::room_set_avatar& x);

private:
  command_outcome set(const char* type, const char* key, const std::string& by, const std::string& value);

  const room_state& room_;
  authoring& authoring_;
};

} // namespace causeway::room
