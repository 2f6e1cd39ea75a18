#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/effects.hpp"
#include "actors/incarnation.hpp"
#include "messages/chat/notifications.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace causeway::invitation {

/// `room_id|user_id`: the key of an invitation actor. User ids begin with '@'.
std::string key_of(std::string_view room_id, std::string_view user_id);

/// Whether an event rests on this very invite.
bool cites(const matrix::event& x, const matrix::event& invite);

/// One invitation of one user to one room, in either direction, or the knock of one of ours, from the first attempt until everybody
/// concerned knows how it ended. States: those of the chat contract (sending, pending, accepted, rejected, revoked, revoked_unconfirmed,
/// expired, failed, banned). It alone writes the row; the room writes one only in the commit that creates the room. Pure.
/// Files: invitation_machine.cpp (life, state), outgoing.cpp (we invite), incoming.cpp (one of ours is invited), knocking.cpp (one of ours
/// asks to be let in).
class invitation_machine {
public:
  invitation_machine(const context& node, std::string key);

  effects on(const message& m, time_ms now);
  std::string describe(time_ms now) const;

private:
  void dispatch(const message& m);
  void loaded();
  effects flush();
  void timer();
  bool is_open() const;
  bool is_local_user() const { return node_.is_local(user_id_); }
  /// Changes the state, writes the row, tells the chat server.
  void become(const std::string& state, const std::string& reason);
  void save();
  void tell_changed(const std::string& previous);
  /// A row of its own takes the place of what was there before; whatever is under way for that concerns nobody any more.
  void begin_anew(std::string direction, const matrix::event_ptr& event);
  void forget_requests();
  void take_command(const chat_command& m);
  void membership(const invited_membership_changed& m);
  void answered(const peer_answer& m);
  void verified(const events_verified& m);

  // -- outgoing.cpp
  void begin();
  void wanted(const invite_wanted& m);
  void tell_begun();
  void send_invite();
  void invite_answered(const peer_answer& m);
  void signature_checked(const keys_found& m);
  void revoke(const chat_command& m, const chat::invite_revoke& x);
  void ask_revocation();
  void tell_room_to_revoke(const std::string& requested_by, const std::string& reason);
  void rescission_told();
  void leave_delivered(const rescission_delivered& m);
  void not_taken(const invite_not_taken& m);
  void expect_late_invite();
  void repeat_rescission();
  void confirm_later();
  void revoked(const revocation_done& m);
  void retry_later(const fault& why);

  // -- incoming.cpp
  void invited(const federation_call& m);
  void invite_verified(event_check checked);
  void inviter_checked(const keys_found& m);
  void place_arrival();
  void invite_placed_by_room(const invite_placed& m);
  /// An invite to a room that we take no part in: nobody but us decides.
  struct arrival;
  void take_invite(const arrival& a);
  /// Whether an invite is one that was told before, or older than that: a request may arrive twice, and late.
  bool is_told(const matrix::event& invite) const;
  void invited_in_room(const invited_membership_changed& m);
  void reply_to_arrival(const fault& why);
  /// Pending, and the chat server has not been told of it so far: its server invites too often.
  bool is_untold() const { return row_.pending_request == "tell"; }
  void ask_admission(const std::string& inviter);
  /// @param wait_ms  0: he is told now; else when the directory is asked again
  void take_room_invite(const invited_membership_changed& m, std::uint32_t wait_ms);
  void wait_for_admission(std::uint32_t wait_ms);
  void admitted(const invite_admitted& m);
  void answer(const chat_command& m, const chat::invite_answer& x);
  void joined(const join_finished& m);
  void ask_to_join(const chat_command* m);
  void send_leave_request();
  void leave_answered(const peer_answer& m);
  void rescinded(const rescission_received& m);
  bool takes_back(const matrix::event& x) const;
  void verify_rescission();
  void rescission_verified(bool valid);
  void tell_received();
  void reopen();
  std::vector<std::string> via() const;
  // -- knocking.cpp
  /// Whether there is a knock that nobody has answered.
  bool knocks() const {
    return exists_ && row_.direction == "knock" && (row_.state == "sending" || row_.state == "pending");
  }
  /// Whether the knock was accepted and the join that follows has not ended.
  bool is_let_in() const {
    return exists_ && row_.direction == "knock" && row_.state == "accepted" && row_.pending_request == "join";
  }
  void knock(const chat_command& m, const chat::room_knock& x);
  void knocked(const knock_made& m);
  void retract(const chat_command& m, const chat::knock_retract& x);
  void retracted(const join_finished& m);
  void begin_knock();
  /// What others see of our user is asked of the store first: who named it may have done so in a former life.
  void ask_profile();
  void profile_told(const store::user_found* found);
  void make_knock();
  void knock_answered(const peer_answer& m);
  void send_knock(const peer_answer& m);
  void knock_taken();
  void knock_next(const fault& why);
  void ask_about_knock();
  void told_about_knock(const peer_answer& m);
  void ask_about_knock_at(time_ms at);
  void knock_membership(const invited_membership_changed& m);
  void let_in(const matrix::event_ptr& invite, const std::string& type);
  void join_of_knock_ended(const join_finished& m);
  void knock_refused(const std::string& state, const std::string& by, const std::string& reason);
  void end_knock_command(const fault& why);
  std::vector<std::string> knocked_at() const;
  /// The server that is told of the leave that ends an invitation or a knock.
  std::string leave_server() const;
  enum class asking : std::uint8_t { nothing, invite, make_leave, send_leave, make_knock, send_knock, about_knock };
  /// The one request to another server that is open from now on.
  /// @param about  the second parameter of the endpoint's path: a user or an event
  peer_request question(asking what, matrix::endpoint endpoint, const std::string& about, std::uint32_t timeout_ms);

  const context& node_;
  std::string room_id_, user_id_;
  decision out_;
  incarnation life_;

  bool exists_ = false;
  store::put_invitation row_;
  matrix::event_ptr event_; ///< the invite

  asking asking_ = asking::nothing;
  token asked_ = 0;
  std::size_t leave_via_ = 0; ///< of `via()`, round and round: who is asked to take a rejection
  time_ms asked_since_ = 0;
  matrix::event_ptr answered_event_; ///< with the invited server's signature, until that is checked
  token keys_asked_ = 0;
  bool keys_doubted_ = false; ///< the signature did not match: asked for once more
  void ask_keys_of_invited(bool are_doubted);
  /// Longer than any pause before a request is repeated.
  time_ms pause_ms_max() const;
  std::optional<chat_command> revoking_;
  bool expiring_ = false, revocation_asked_ = false;
  bool rescission_told_ = false;    ///< the other server has taken the leave before the room's answer was here
  std::string delivered_;           ///< the last leave the other server has taken while the room had not told of it
  bool invite_may_be_late_ = false; ///< no attempt was answered: one of them may still arrive, after the leave

  std::optional<chat_command> knocking_, retracting_;
  std::size_t at_via_ = 0;        ///< of the round of attempts
  fault knock_fault_;             ///< the weightiest refusal of the round
  bool knock_unanswered_ = false; ///< somebody answered in this round who is no homeserver
  token profile_asked_ = 0;
  store::put_user profile_; ///< of our user, as far as told

  std::optional<chat_command> answering_;
  bool joining_ = false;        ///< the room was asked to join
  bool perhaps_joined_ = false; ///< an attempt may have made him a member for all others
  struct arrival {
    federation_call call;
    matrix::event_ptr event; ///< with our signature, once it is verified
    std::string room_version, invite_room_state;
    std::string type; ///< of the room
    token asked = 0;
    bool placing = false; ///< verified; the room is asked
  };
  std::optional<arrival> arriving_;
  std::deque<federation_call> more_arrivals_;
  token admission_asked_ = 0;
  /// An invite that came by way of the room, until the directory has said that we have such a user: for others there is nothing to keep.
  std::optional<invited_membership_changed> unadmitted_;
  std::string counted_invite_; ///< the last that came by PUT /invite: the directory has counted it at the door
  struct rescission {
    rescission_received told;
    matrix::event_ptr event;
    token asked = 0;
  };
  std::deque<rescission> rescinding_; ///< the first is being verified
  void answer_rescission(const rescission& r, const std::string& error);
  void watch();
  void give_up_waiting();
  bool watching_ = false;
  time_ms waiting_since_ = 0;
  std::string leave_reason_;
};

} // namespace causeway::invitation
