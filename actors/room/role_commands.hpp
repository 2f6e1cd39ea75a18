#pragma once
#include "actors/room/authoring.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/roles.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"

#include <cstdint>
#include <string>

namespace causeway::room {

/// member.set_role, query.can.
class role_commands {
public:
  /// A change that somebody else's wins over is made again so often.
  static constexpr int attempts_max = 3;

  role_commands(const room_state& room, authoring& author, const room_invitations& invitations)
      : room_(room), authoring_(author), invitations_(invitations) {}

  command_outcome run(const queued_command& c, const chat::member_set_role& x);
  /// Decided on the very event that would be sent, as far as one can be made without sending it.
  command_outcome run(const queued_command& c, const chat::query_can& x);

private:
  /// The change of levels that gives a role. @returns faults not_member, forbidden, conflict
  result<std::int64_t> level_for(const std::string& user, chat::role wanted) const;
  /// In the name of `by`, or of the room's service user where they may not and are an owner.
  attempt<matrix::event_ptr> author_change(const std::string& by, const std::string& user, std::int64_t level);
  draft level_change(const std::string& by, const std::string& user, std::int64_t level) const;
  /// What invite.send refuses for whom it names, before the room is asked.
  /// @returns faults not_found, user_deactivated, may_not_federate, invalid_identifier
  status may_be_named(const chat_command& c, const chat::query_can& x) const;
  /// What the rules, and those that are none but are kept by every server, say.
  /// @returns the fault of the command; fault_code::none: it is carried out and has not the effect that is asked for
  status may(const chat::query_can& x);
  /// Of invite, kick, ban and unban: what the command refuses before the rules are asked.
  status may_be_tried(const chat::query_can& x, const std::string& target) const;
  status may_delete(const chat::query_can& x) const;
  status may_do(const draft& d);
  std::int64_t needed(const chat::query_can& x) const;
  /// Whether it is another role, and one that nobody could take back.
  bool is_for_good(const std::string& user, chat::role wanted) const;
  /// Whether a member is left, besides the one whose role it is, who could give back what they had.
  bool could_be_undone(const std::string& user, std::int64_t next) const;

  const room_state& room_;
  authoring& authoring_;
  const room_invitations& invitations_;
};

} // namespace causeway::room
