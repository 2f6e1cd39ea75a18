#pragma once
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/inbound_events.hpp"
#include "actors/room/joins.hpp"
#include "actors/room/member_commands.hpp"
#include "actors/room/message_commands.hpp"
#include "actors/room/message_names.hpp"
#include "actors/room/query_commands.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/room_commands.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <string>

namespace causeway::room {

/// Commands of the chat server: each goes to the handler of its group when its turn has come. A new command is a `run` in one of the handlers.
class command_service : private command_queue::runner {
public:
  /// What it works with; all of it outlives it.
  struct parts {
    const room_state& room;
    decision& out;
    event_writer& writer;
    authoring& author;
    redactions& redacted;
    room_invitations& invitations;
    const inbound_events& inbound;
    joins& join;
    chat_notifier& notifier;
  };
  explicit command_service(const parts& p)
      : room_(p.room), out_(p.out), authoring_(p.author), invitations_(p.invitations), joins_(p.join),
        queue_(p.room, p.out, names_, *this), messages_(p.room, p.out, p.author, p.redacted, names_),
        members_(p.room, p.out, p.author, p.invitations, p.inbound),
        rooms_(p.room, p.out, p.writer, p.author, p.invitations, p.notifier), queries_(p.room, p.out) {}

  void take(const chat_command& m) { queue_.take(m); }
  /// Carries out what can be.
  void run() { queue_.run(); }
  bool may_carry_out() const { return queue_.may_run(); }
  /// @returns whether it was the answer to a question of this component
  bool store_answered(const causeway::store_answered& m);
  /// A room.join is over. @param why  none: joined
  void join_ended(const command_reference& of, const fault& why);
  /// While the first events of a room are made: the chat server knows them, it has asked for them.
  bool is_creating() const { return rooms_.is_creating(); }
  std::size_t waiting() const { return queue_.size(); }
  bool is_idle() const { return queue_.is_idle() && queries_.is_idle(); }

private:
  bool may_run() const override;
  command_outcome carry_out(queued_command& c) override;
  command_outcome join(const queued_command& c, const chat::room_join& x);
  /// Whose invitation or knock a command is about that is not carried out by the room; null: the room does.
  const std::string* user_of_invitation(const chat::command& body) const;

  const room_state& room_;
  decision& out_;
  const authoring& authoring_;
  const room_invitations& invitations_;
  joins& joins_;
  message_names names_;
  command_queue queue_;
  message_commands messages_;
  member_commands members_;
  room_commands rooms_;
  query_commands queries_;
  bool joining_ = false; ///< a room.join is carried out; the commands after it wait
};

} // namespace causeway::room
