#pragma once
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"

namespace causeway::room {

/// room.create.
class room_commands {
public:
  room_commands(const room_state& room, decision& out, event_writer& writer, authoring& author,
                room_invitations& invitations, chat_notifier& notifier)
      : room_(room), out_(out), writer_(writer), authoring_(author), invitations_(invitations), notifier_(notifier) {}

  command_outcome run(const queued_command& c, const chat::room_create& x);
  /// While the first events of a room are made: the chat server knows them, it has asked for them.
  bool is_creating() const { return creating_; }

private:
  const room_state& room_;
  decision& out_;
  event_writer& writer_;
  authoring& authoring_;
  room_invitations& invitations_;
  chat_notifier& notifier_;
  bool creating_ = false;
};

} // namespace causeway::room
