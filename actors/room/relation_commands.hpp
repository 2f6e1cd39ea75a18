#pragma once
#include "actors/room/authoring.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/room_state.hpp"

namespace causeway::room {

/// message.edit, reaction.add, reaction.remove.
class relation_commands {
public:
  relation_commands(const room_state& room, authoring& author, redactions& r)
      : room_(room), authoring_(author), redactions_(r) {}

  command_outcome run(const queued_command& c, const chat::message_edit& x);
  command_outcome run(const queued_command& c, const chat::reaction_add& x);
  command_outcome run(const queued_command& c, const chat::reaction_remove& x);

private:
  const room_state& room_;
  authoring& authoring_;
  redactions& redactions_;
};

} // namespace causeway::room
