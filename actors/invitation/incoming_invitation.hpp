#pragma once
#include "actors/invitation/arrived_invite.hpp"
#include "actors/invitation/command_slot.hpp"
#include "actors/invitation/invitation_record.hpp"
#include "actors/invitation/knock.hpp"
#include "actors/invitation/leave_delivery.hpp"
#include "actors/invitation/question.hpp"
#include "actors/invitation/room_join.hpp"
#include "actors/invitation/server_question.hpp"
#include "messages/room.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace causeway::invitation {

/// One of our users is invited, by a server whose room we need not be in, and answers. Source: server-server-api,
/// "Inviting to a room", "Leaving Rooms (Rejecting Invites)".
class incoming_invitation {
public:
  incoming_invitation(invitation_record& record, server_question& question, leave_delivery& leave, room_join& join,
                      knock& knock)
      : record_(record), question_(question), leave_(leave), join_(join), knock_(knock) {}

  /// Does what is to be done next, when it is due.
  void begin();
  /// Whether the invitation is, or was, this very invite.
  bool has_taken(const matrix::event& invite) const {
    return record_.is(invitation_direction::incoming) && record_.event && record_.event->event_id == invite.event_id;
  }
  /// An invite to a room that we take no part in: nobody but us decides.
  void take(const arrived_invite& a);
  /// The room has an invite of our user. @param is_counted  the directory has counted it where it came in
  void invited_in_room(const invited_membership_changed& m, bool is_counted);
  void membership(const invited_membership_changed& m);
  void admitted(const invite_admitted& m);
  /// What the room said of an invite is over before it was admitted.
  void drop_unadmitted() { unadmitted_.reset(); }
  /// A knock takes its place.
  void forget() { admission_.forget(); }
  /// A leave or ban of the inviter whose signature is valid.
  void rescinded(const matrix::event& x);

  void answer(const chat_command& m, const chat::invite_answer& x);
  /// The room has joined, or left, or could not.
  void ended(const join_result& m);

  bool is_idle() const { return !answering_.is_open() && !admission_.is_open(); }
  /// Whoever was asked may have failed with the question.
  void expire();

private:
  /// Whether an invite is one that was told before, or older than that: a request may arrive twice, and late.
  bool is_told(const matrix::event& invite) const;
  void begin_anew(const matrix::event_ptr& invite);
  /// @param wait_ms  0: the chat server is notified now; else when the directory is asked again
  void take_room_invite(const invited_membership_changed& m, std::uint32_t wait_ms);
  void ask_admission(const std::string& inviter);
  void wait_for_admission(std::uint32_t wait_ms);
  void rejected(const join_result& m);
  fault conflict() const;

  invitation_record& record_;
  server_question& question_;
  leave_delivery& leave_;
  room_join& join_;
  knock& knock_;
  command_slot<chat::invite_answer> answering_{record_.out};
  std::string leave_reason_;
  question<plain> admission_; ///< the directory is asked: may the chat server be notified?
  /// An invite that came by way of the room, until the directory has said that we have such a user: for others there is
  /// nothing to keep.
  std::optional<invited_membership_changed> unadmitted_;
};

} // namespace causeway::invitation
