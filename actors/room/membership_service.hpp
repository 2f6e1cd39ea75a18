#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/joins.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/policy_gate.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"
#include "messages/verifier.hpp"

#include <string>
#include <vector>

namespace causeway::room {

/// Other servers' users join, knock, leave and reject through us. The rules are run before the other server signs, and
/// again when it has.
/// Source: server-server-api, "Joining Rooms", "Knocking upon a room", "Leaving Rooms (Rejecting Invites)".
class membership_service {
public:
  /// What it works with; all of it outlives it.
  struct parts {
    const room_state& room;
    decision& out;
    pending_questions& pending;
    event_writer& writer;
    authoring& author;
    policy_gate& policy;
    const room_invitations& invitations;
    joins& join;
    room_events& events;
  };
  explicit membership_service(const parts& p)
      : room_(p.room), out_(p.out), pending_(p.pending), writer_(p.writer), authoring_(p.author), policy_(p.policy),
        invitations_(p.invitations), joins_(p.join), events_(p.events) {}

  /// GET /make_join, /make_knock, /make_leave. @param wanted  join, knock, leave
  void make(const federation_call& m, matrix::membership wanted);
  /// PUT /send_join, /send_knock, /send_leave.
  void send(const federation_call& m, matrix::membership wanted);
  /// Goes on with a make_join or send_join when it is known who of ours lets the user in.
  void authorised(authorised_step next, const result<std::string>& authoriser);
  /// It is validly signed, and the policy server has signed it where the room has one.
  void finish_send(const federation_call& m, const matrix::event_ptr& x);

  /// Calls about this user that have waited for their invitation are answered; those that have waited too long, too.
  void release(const std::string& user);
  time_ms deadline() const { return alarm_.at(); }
  void on_deadline() { release({}); }
  void answered(const question::arriving_membership& q, const events_verified& m);
  void answered(const question::arriving_membership& q, const timed_out&);
  void answered(const question::state_before_membership& q, const store_answered& m);
  void answered(const question::state_before_membership& q, const timed_out&);
  bool is_idle() const {
    return held_.empty() && pending_.count<question::arriving_membership>() == 0 &&
           pending_.count<question::state_before_membership>() == 0;
  }

private:
  /// @param authoriser  user of ours who lets a restricted join in; empty: none is needed
  void offer(const federation_call& m, matrix::membership wanted, const std::string& authoriser);
  void verify(const federation_call& m, const matrix::event_ptr& x);
  struct held_call {
    time_ms since = 0;
    std::string user; ///< whose invitation it waits for
    federation_call call;
  };
  /// Calls about a user whose invitation is at their server but not yet in the graph wait for it (a fast peer answers
  /// before our own request has returned).
  /// @returns whether `m` was held
  bool held_for_invite(const federation_call& m, const std::string& user);
  /// Receipt check 7: an event that the policy server denies is refused rather than soft-failed.
  /// @returns whether `m` was answered, or waits
  bool policy_holds(const federation_call& m, const matrix::event_ptr& x);
  /// @returns whether the store was asked for parents of `x` first
  bool ask_for_parents(const federation_call& m, const matrix::event_ptr& x);
  void push_head_to(const std::string& server, const std::string& but);
  /// Answer to send_join; without most members where the room is large and the other server asked for that.
  std::string joined_body(const federation_call& m, const matrix::event& join, const state_ref& before) const;

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  event_writer& writer_;
  authoring& authoring_;
  policy_gate& policy_;
  const room_invitations& invitations_;
  joins& joins_;
  room_events& events_;
  std::vector<held_call> held_;
  alarm_time alarm_; ///< the first of them has waited for long enough
};

} // namespace causeway::room
