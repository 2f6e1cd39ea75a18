#pragma once
#include "actors/decision.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/room_state.hpp"

#include <map>
#include <utility>

namespace causeway::room {

/// query.room.
class query_commands {
public:
  query_commands(const room_state& room, decision& out) : room_(room), out_(out) {}

  command_outcome run(const queued_command& c, const chat::query_room& x);
  /// @returns whether it was the answer to a question of this component
  bool store_answered(token asked, const store::answer& found);
  bool is_idle() const { return viewing_.empty(); }

private:
  const room_state& room_;
  decision& out_;
  std::map<token, std::pair<command_reference, chat::room_view>>
    viewing_; ///< query.room that waits for the invitations
};

} // namespace causeway::room
