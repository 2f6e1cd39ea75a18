#pragma once
#include "actors/decision.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"
#include "tests/actors/room_rig.hpp"

#include <stdexcept>
#include <utility>

/// A component of a room alone: the state of a room of ann and bob here, eve and eli there, and a decision of its own.
/// No machine is behind it.
namespace causeway::test {

struct component_rig : shared_room {
  room::room_state room;
  decision out;
  room::pending_questions pending{out};
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
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  /// The question that this number stands for, as the room hands it back with its answer.
  template <class Question>
  Question question_of(token asked) {
    auto found = pending.take(asked);
    if (!found) throw std::runtime_error("no open question");
    return std::get<Question>(std::move(*found));
  }
  /// The one whose time has run out.
  template <class Question>
  std::pair<Question, room::timed_out> expired() {
    auto found = pending.take_expired();
    if (!found) throw std::runtime_error("no question has waited for too long");
    return {std::get<Question>(std::move(found->second)), found->first};
  }
};

} // namespace causeway::test
