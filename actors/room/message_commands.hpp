#pragma once
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/message_names.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/room_state.hpp"

namespace causeway::room {

/// message.send, message.delete, message.bind, typing.
class message_commands {
public:
  message_commands(const room_state& room, decision& out, authoring& author, redactions& r, message_names& names)
      : room_(room), out_(out), authoring_(author), redactions_(r), names_(names) {}

  command_outcome run(queued_command& c, const chat::message_send& x);
  command_outcome run(const queued_command& c, const chat::message_delete& x);
  command_outcome run(const queued_command& c, const chat::message_bind& x);
  command_outcome run(const queued_command& c, const chat::typing& x);

private:
  const room_state& room_;
  decision& out_;
  authoring& authoring_;
  redactions& redactions_;
  message_names& names_;
};

} // namespace causeway::room
