#include "actors/room/succession.hpp"

#include "actors/room/event_text.hpp"
#include "messages/matrix/identifiers.hpp"

namespace causeway::room {

status may_go_on(const room_state& room) {
  if (!room.head.successor.empty()) return {fault_code::already_exists, "the room goes on as " + room.head.successor};
  if (!room.head.succession.empty())
    return {fault_code::conflict, "the room is being upgraded by somebody of another server"};
  return ok();
}

void go_on_as(const room_state& room, decision& out, event_writer& writer, chat_notifier& notifier,
              const succession& next) {
  const auto own_id = room.head.chat_room_id;
  // The chat server is told with the commit: it may write by that id at once, and means the new room. Should the commit
  // fail, this actor tries again, and the new room has the name meanwhile.
  if (!own_id.empty()) {
    out.write(store::bind_room{room.id, {}});
    out.write(store::bind_room{next.room_id, own_id});
    out.send_ahead({actor_kind::directory, ""}, room_named{next.room_id, own_id, room.id});
  }
  notifier.notify(chat::room_upgraded{.room = own_id,
                                      .matrix_room_id = next.room_id,
                                      .old_matrix_room_id = room.id,
                                      .by = next.by,
                                      .room_version = next.room_version,
                                      .event_id = next.tombstone,
                                      .ts = next.ts});
  writer.go_on_as(next.room_id);
}

std::string replacement_in(const matrix::event& tombstone) {
  auto named = text_of(tombstone, "replacement_room");
  if (!matrix::is_room_id(named) || named == tombstone.room_id) named.clear();
  return named;
}

} // namespace causeway::room
