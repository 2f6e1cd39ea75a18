#pragma once
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"

#include <optional>

namespace causeway::room {

/// What has become of a user of ours, in this room: another name or picture is a new membership event, and whoever is
/// deactivated leaves. The directory asks room after room, and again where it was not told how it ended
/// (actors/directory/user_updates.hpp); what is as it should be is left alone. It also notes which rooms are to be
/// asked.
class member_updates {
public:
  member_updates(const room_state& room, decision& out, authoring& author)
      : room_(room), out_(out), authoring_(author) {}

  /// @returns a command that is to be carried out in its turn: somebody leaves who is in the room, and what they have
  /// left open ends before
  std::optional<chat_command> want(const member_update_request& m);
  /// Before a decision is handed over: memberships of ours among its rows are noted, and the directory hears who is in.
  void note_members();

private:
  void answer(const member_update_request& m, bool is_done) { out_.send(m.reply_to, member_updated{m.asked, is_done}); }

  const room_state& room_;
  decision& out_;
  authoring& authoring_;
};

} // namespace causeway::room
