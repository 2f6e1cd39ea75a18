#pragma once
#include "actors/decision.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/room_state.hpp"
#include "tests/actors/room_rig.hpp"

/// A component of a room alone: the state of a room of ann and bob here, eve and eli there, and a decision of its own. No machine is behind it.
namespace causeway::test {

struct component_rig : shared_room {
  room::room_state room;
  decision out;
  room::event_writer writer{room, out};

  explicit component_rig(std::string room_version = "11")
      : shared_room(std::move(room_version)), room(node, room_id), out({actor_kind::room, room_id}) {
    const auto stored = disk.load();
    room.exists = true;
    room.head = stored.room;
    room.graph.load(stored);
    out.set_now(now);
  }
  effects take() { return out.take(); }
  effects after(time_ms ms) {
    now += ms;
    out.set_now(now);
    return {};
  }
};

} // namespace causeway::test
