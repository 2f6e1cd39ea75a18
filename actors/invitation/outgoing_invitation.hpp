#pragma once
#include "actors/invitation/command_slot.hpp"
#include "actors/invitation/invitation_record.hpp"
#include "actors/invitation/question.hpp"
#include "actors/invitation/server_question.hpp"
#include "messages/remote_server.hpp"
#include "messages/room.hpp"

#include <string>

namespace causeway::invitation {

/// We invite. The same signed event is offered until the other server has taken or refused it; only then it enters the
/// room. A revocation is over when the other server has confirmed the leave. Source: server-server-api, "Inviting to a
/// room".
class outgoing_invitation {
public:
  static constexpr timer_kind deadline_timer = timer_kind::deadline;

  outgoing_invitation(invitation_record& record, server_question& question) : record_(record), question_(question) {}

  void load();
  /// Does what is to be done next, when it is due.
  void begin();
  /// The room has let a user be invited.
  void wanted(const room_invite_request& m);
  /// The other server has answered PUT /invite.
  void answered(const peer_answer& m);
  /// The invited server's keys are here: is its signature valid?
  void check_signature(const keys_response& m);
  /// The room has taken the signed invite. @returns whether that was waited for
  bool committed();
  /// The membership of the invited user is another one.
  void membership(const invited_membership_changed& m);
  void not_taken(const invite_not_taken& m);
  /// The room is founded again in another version, or is not.
  void refounded(const refounding_ended& m);

  void revoke(const chat_command& m, const chat::invite_revoke& x);
  /// The room has authored the leave, or could not.
  void revoked(const revocation_result& m);
  /// The other server has taken a leave.
  void leave_delivered(const rescission_delivered& m);
  /// Whether it has run out just now; it is revoked then.
  bool run_out();

  bool is_idle() const { return !keys_.is_open() && !revoking_.is_open() && !refounding_.is_open(); }
  /// Whoever was asked may have failed with the question.
  void expire();

private:
  struct checked_answer {
    matrix::event_ptr event;       ///< with the invited server's signature, until that is checked
    bool are_keys_doubted = false; ///< the signature did not match: the keys are asked for once more
  };
  struct revocation {
    bool of_expiry = false;
  };
  void change(invitation_cause why, const std::string& reason);
  void fail(const fault& why);
  void ask_refounding(const peer_answer& m);
  void tell_begun();
  void give_up_anew(const std::string& event_id);
  void send_invite();
  void commit();
  void taken(const peer_answer& m);
  void ask_keys(checked_answer of);
  void retry_later(const fault& why);
  /// Whether who joined did so before they could know that the invitation was taken back: in a room that is open to all
  /// their yes stands against that, since state resolution applies the join after the leave.
  bool has_come_before_revocation(const invited_membership_changed& m) const;
  void revoke_unsent();
  void ask_revocation(const std::string& requested_by, const std::string& reason, bool of_expiry);
  void not_revoked(const fault& why, bool of_expiry);
  void confirmed();
  void expect_late_invite();
  void rescind_once_more();

  invitation_record& record_;
  server_question& question_;
  question<checked_answer> keys_;
  question<fault> refounding_; ///< the room is asked for another version: the invited server's answer
  command_slot<chat::invite_revoke> revoking_{record_.out};
  question<revocation> revocation_; ///< the room is asked to author the leave
  bool is_leave_confirmed_ = false; ///< the other server has taken the leave before the room's answer was here
  std::string delivered_;           ///< the last leave the other server has taken while the room had not told of it
  std::string leave_;               ///< of the room: the one that ended this invitation, as far as it was told
  bool invite_in_flight_ = false;   ///< no attempt was answered: one of them may still arrive, after the leave
};

} // namespace causeway::invitation
