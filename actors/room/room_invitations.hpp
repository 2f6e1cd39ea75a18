#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/arriving_invites.hpp"
#include "actors/room/attempt.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/inbound_events.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_state.hpp"
#include "actors/room/uncommitted_invites.hpp"
#include "messages/remote_server.hpp"
#include "messages/room.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// Invitations in the room: our users invite, the invitation is revoked, another server invites one of ours, and what
/// the invitation actors have to know of memberships. The row of an invitation is its actor's alone; the room writes
/// one only in the commit that creates the room, before anybody can have heard of it.
class room_invitations {
public:
  room_invitations(const room_state& room, decision& out, event_writer& writer, authoring& author,
                   inbound_events& inbound, room_events& events)
      : room_(room), out_(out), writer_(writer), authoring_(author), inbound_(inbound), events_(events) {}

  /// What the store knows of them when the room is loaded: either actor may have failed with the word of a change.
  void load(const std::vector<store::put_invitation>& rows);

  // -- our users invite
  /// What is refused before the rules of the room are asked; `query.can` asks it too.
  /// @returns faults not_federated, federation_disabled, server_denied, forbidden, conflict
  status may_be_invited(const std::string& user) const;
  /// Authors an invite. One of ours is invited with it, it is in the graph; of another server's user the invitation is
  /// to be told, see `begin`.
  /// @returns nothing for a user of ours; faults invalid_param, forbidden, those of `may_be_invited`
  attempt<std::optional<room_invite_request>> invite(const std::string& by, const std::string& user,
                                                     const std::string& reason);
  void begin(const std::string& user, room_invite_request wanted);
  /// A third person makes a dm a group_dm.
  void consider_group_with(const std::string& invited);
  void begun(const invite_begun& m) { inviting_.confirm(m); }
  /// The invited server has signed: only now does the invitation exist for the room.
  void commit(const invite_accepted_by_server& m);
  /// The invite of this user is in the graph, or will never be. @param event_id  empty: whichever it is
  void resolved(const std::string& user, std::string_view event_id);
  /// Signed, and not yet in the graph.
  bool is_uncommitted(const std::string& user) const { return inviting_.contains(user); }
  /// A room.create was given up, or another room sends them anew.
  void forget_uncommitted() { inviting_ = {}; }
  /// The invited server does not know the room's version. @returns false: nobody waits for it
  bool refuse_version(const std::string& user, std::string_view event_id) {
    return inviting_.refuse_version(user, event_id);
  }
  const uncommitted_invites& uncommitted() const { return inviting_; }

  // -- and revoke
  void revoke(const revoke_invite& m);
  /// The leave that is being committed ends an invitation that has run out.
  bool is_expiring(const std::string& user) const { return expiring_ == user; }
  /// Revokes what the user would leave behind with nobody to answer for it. @param withdrawn  that was begun before
  /// @returns whether their leave has to wait for that, see room_events::withdrawals_ended
  bool withdraw_first(const std::string& user, bool withdrawn);
  /// The same of all invitations of the room, which is removed.
  bool withdraw_all(const std::string& by, const std::optional<std::string>& reason, bool withdrawn);
  /// Has an invitation that is not in the room yet taken back by its actor. The command that wants it waits, see
  /// room_events::withdrawals_ended.
  void withdraw(const std::string& invited, const std::string& by, const std::optional<std::string>& reason);
  /// Takes an invitation back that is in the room: in its inviter's name where they still can, else in that of `by`.
  /// @pre `user` is invited. @returns the leave, committed; fault forbidden
  attempt<matrix::event_ptr> take_back(const std::string& by, const std::string& user, const std::string& reason);
  bool has_withdrawals() const { return !withdrawing_.empty(); }

  // -- what invitations ask
  void send_membership(const membership_request& m);
  void leave(const leave_request& m);
  void rescind_again(const rescission_wanted_again& m);

  // -- whom the room is between
  /// Answers whether it is the direct message of two people.
  void tell_direct(const direct_request& m);

  // -- another server invites one of ours
  void arrived(const invite_arrived& m);
  /// Hands an invite of another server to the checks that pushed events pass. @returns false: too many wait
  bool receive(const matrix::event_ptr& invite, const std::string& origin, arriving_invites::waiting next);
  void handled_by_room(const pdus_handled& m);
  /// Whether the room has missed the invite that a user of ours accepts.
  bool is_missing(const join_request& m) const;

  // -- what they hear
  /// A membership has changed.
  void observe(const state_change& c);
  void event_accepted(const matrix::event& invite);
  void event_completed(const matrix::event& x);
  /// What became of those of ours who were invited may have reached us with the room's state only.
  void notify_local_users();

  time_ms deadline() const { return earlier(resend_.at(), earlier(arriving_end_.at(), withdrawals_end_.at())); }
  void on_deadline();
  bool is_idle() const { return inviting_.deadline() == 0 && arriving_.empty(); }

private:
  void resend();
  void end_arriving();
  void give_up_withdrawals();
  /// What has not reached its room yet, of all or of this inviter. @returns whether anything is waited for
  bool withdraw_uncommitted(const std::string& user, const std::optional<std::string>& reason, bool of_all);
  void take_back_all(const std::string& by, const std::optional<std::string>& reason);
  bool is_direct_between(const std::string& creator, const std::string& other) const;
  void withdrawal_ended(const std::string& user);
  /// To the invitation of the user: what the current state says, which is not news.
  /// @param superseded_invite  an invite of the room's graph that `e` has superseded
  void notify_current(const matrix::event_ptr& e, const std::string& superseded_invite = {});
  /// What invitations and knocks of ours have not heard of the room's state.
  void notify_missed(const std::vector<store::put_invitation>& rows);
  invite_placed place_of(const matrix::event& invite) const;
  /// The id of an invitation's event where the room has accepted it; otherwise empty.
  std::string accepted_invite(const store::put_invitation& invitation) const;

  const room_state& room_;
  decision& out_;
  event_writer& writer_;
  authoring& authoring_;
  inbound_events& inbound_;
  room_events& events_;
  uncommitted_invites inviting_;
  arriving_invites arriving_;
  std::set<std::string> withdrawing_; ///< invitations that the leave at the head of the commands waits for
  std::string expiring_;              ///< whose invitation runs out with the leave that is being committed
  alarm_time resend_, arriving_end_, withdrawals_end_;
};

} // namespace causeway::room
