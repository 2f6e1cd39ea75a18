#pragma once
#include "actors/decision.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"

namespace causeway::room {

/// query.room.
class query_commands {
public:
  query_commands(const room_state& room, decision& out, pending_questions& pending)
      : room_(room), out_(out), pending_(pending) {}

  command_outcome run(const queued_command& c, const chat::query_room& x);
  void answered(question::room_view q, const store_answered& m);
  void answered(const question::room_view& q, const timed_out&);
  bool is_idle() const { return pending_.count<question::room_view>() == 0; }

private:
  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
};

} // namespace causeway::room
