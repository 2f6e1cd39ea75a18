#include "actors/room/room_settings.hpp"

#include "messages/matrix/media.hpp"

#include <utility>

namespace causeway::room {

command_outcome room_settings::set(const char* type, const char* key, const std::string& by, const std::string& value) {
  if (room_.graph.membership(by) != matrix::membership::join)
    return fault{fault_code::not_member, by + " is not in the room"};
  if (room_.text(type, key) == value) return succeeded{chat::event_answer{}};
  matrix::json::object content;
  content.set(key, value);
  auto e = authoring_.author({type, by, "", std::move(content)});
  if (!e) return failed_like(e);
  if (auto fine = authoring_.commit(*e); !fine) return fine.error();
  return succeeded{chat::event_answer{(*e)->event_id}};
}

command_outcome room_settings::run(const queued_command&, const chat::room_set_name& x) {
  return set("m.room.name", "name", x.by, x.room_name);
}

command_outcome room_settings::run(const queued_command&, const chat::room_set_topic& x) {
  return set("m.room.topic", "topic", x.by, x.topic);
}

command_outcome room_settings::run(const queued_command&, const chat::room_set_avatar& x) {
  if (!x.avatar.empty() && !matrix::split_mxc(x.avatar))
    return fault{fault_code::invalid_param, "avatar: an mxc:// URI is expected, or nothing"};
  return set("m.room.avatar", "url", x.by, x.avatar);
}

} // namespace causeway::room
