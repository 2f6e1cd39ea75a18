// What the components of the room say to each other, by way of the machine (room_events), and what concerns several of
// them.
#include "actors/answers.hpp"
#include "actors/handshake.hpp"
#include "messages/invitation_key.hpp"
#include "actors/room/permission_drift.hpp"
#include "actors/room/room_machine.hpp"
#include "actors/room/service_user.hpp"
#include "messages/matrix/identifiers.hpp"

#include <utility>

namespace causeway::room {

// -- the state

void room_machine::state_changed(const std::vector<state_change>& changes) {
  for (const auto& c : changes) {
    const auto& type = c.key.first;
    if (type == "m.room.member") {
      if (commands_.is_creating()) continue;
      room_invitations_.observe(c);
      chat_notifier_.membership_changed(c, {room_invitations_.is_uncommitted(c.key.second),
                                            room_invitations_.is_expiring(c.key.second), commands_.removed_by()});
      redactions_.observe(c);
    } else if (!commands_.is_creating()) {
      // Where a room goes on as another one its members lose what they may do in it: of the new one that says nothing.
      const bool is_left_behind = !unasked_.followed.is_idle() || !room_.head.successor.empty();
      if (type != levels_type || !is_left_behind) chat_notifier_.state_changed(c);
      unasked_.levels.observe(c);
      unasked_.followed.observe(c);
      for (auto& x : permission_drifts(room_, c, [&](const auto& user) { return unasked_.levels.is_to_give(user); })) {
        const auto level = room_.node.settings().room.permission_drift == config::drift_policy::push
                             ? level_to_give(room_, x)
                             : std::optional<std::int64_t>{};
        if (level) unasked_.levels.push(x.user, *x.fixable_by, *level);
        notify(room_, out_, std::move(x));
      }
    }
  }
  if (!commands_.is_creating()) edus_.observe(changes);
  if (!changes.empty()) consider_group();
  if (room_.takes_part() && !changes.empty() && room_.graph.members().local_joined().empty()) {
    writer_.left();
  } else if (room_.takes_part() && !changes.empty() && !commands_.is_creating() && is_left_to_service_user(room_)) {
    chat_command leave; // in its turn: what the room has open ends before
    leave.body = std::make_shared<const chat::command>(chat::member_leave{room_.id, service_user_of(room_), {}});
    leave.room_id = room_.id;
    out_.send({actor_kind::room, room_.id}, std::move(leave));
  }
}

void room_machine::consider_group() {
  if (room_.head.type != chat::room_type::dm) return;
  if (infer_room_type(room_.traits(true)) == chat::room_type::dm) return;
  writer_.become_group();
}

void room_machine::full_state_known(const std::vector<state_change>& news, const std::vector<std::string>& members) {
  state_changed(news);
  chat_notifier_.members(members, 0, true);
  room_invitations_.notify_local_users();
  out_.log(log_level::info, "R115 full member list received",
           {{"room", room_.id}, {"members", std::to_string(members.size())}});
  inbound_.release_pdus();
}

void room_machine::full_state_unavailable() { inbound_.release_pdus(); } // they waited for the store only

void room_machine::join_signed(const matrix::event_ptr& x, const std::string& server) {
  inbound_.take_signed(x, server);
}

void room_machine::event_accepted(const matrix::event& x, bool historical) {
  room_invitations_.event_accepted(x);
  if (!historical) authoring_.deliveries().heard(matrix::server_name_of(x.sender));
  if (!historical) unasked_.merger.consider();
}

void room_machine::content_known(const matrix::event& x, bool historical) {
  redactions_.related().accepted(x, historical);
}

void room_machine::event_completed(const matrix::event& x, const std::string& error) {
  joins_.event_completed(x, error);
  room_invitations_.event_completed(x);
}

void room_machine::history_fetched() { inbound_.advance(); } // gaps have waited for it

// -- joins

void room_machine::join_failed(const join_request& wanted, const fault& why, bool join_outcome_unknown,
                               const std::vector<join_request>& waiting) {
  inbound_.release_pdus();
  join_ended(wanted, why, join_outcome_unknown);
  for (const auto& w : waiting) {
    // Whoever waited for minutes behind a server that does not answer is not sent to the same door.
    if (rank_of_refusal(why) == refusal_rank::no_answer) join_ended(w, why);
    else joins_.want(w);
  }
}

void room_machine::joined(remote_joined j) {
  const auto& server = j.wanted.via[j.via];
  for (const auto& id : j.outliers) redactions_.target_came(id);
  content_repair_.repair(j.stripped, server);
  if (j.members_omitted) partial_state_.begin(j.event->event_id, server, std::move(j.servers));
  else partial_state_.end();
  // A room that goes on as this one tells so itself, and that it was made is no news then.
  if (!j.again && j.wanted.predecessor.empty()) {
    std::vector<std::string> members;
    room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
      if (e->membership() == matrix::membership::join) members.push_back(*e->state_key);
      return true;
    });
    chat_notifier_.created({room_.head.chat_room_id,
                            room_.id,
                            room_.head.room_version,
                            std::string{name(room_.type())},
                            room_.graph.create()->sender,
                            room_.text("m.room.name", "name"),
                            room_.text("m.room.topic", "topic"),
                            {},
                            false},
                           std::move(members), j.members_omitted);
  }
  // The members that were there before us are told with the room; of the changes only our own join is news, and, where
  // we were in the room before, what has become of those who were invited then.
  std::erase_if(j.changes, [&](const auto& c) {
    const bool ends_invitation =
      j.again && c.key.first == "m.room.member" && c.before && c.before->membership() == matrix::membership::invite;
    return !ends_invitation && c.key != matrix::state_key_pair{"m.room.member", j.wanted.user_id};
  });
  state_changed(j.changes);
  out_.send({actor_kind::directory, ""}, room_named{room_.id, room_.head.chat_room_id});
  room_invitations_.notify_local_users();
  history_backfill_.start(server);
  partial_state_.ask();
  join_ended(j.wanted, {});
  for (const auto& w : j.waiting) joins_.want(w);
  inbound_.release_pdus(); // the past may take minutes: who speaks now is heard now
}

void room_machine::join_ended(const join_request& m, const fault& why, bool join_outcome_unknown) {
  if (m.command) commands_.join_ended(*m.command, why);
  else if (!m.predecessor.empty())
    out_.send({actor_kind::room, m.predecessor}, successor_joined{room_.id, m.user_id, room_.head.room_version, why});
  else
    out_.send({actor_kind::invitation, invitation::key_of(room_.id, m.user_id)},
              join_result{m.user_id, why, join_outcome_unknown});
}

void room_machine::call_authorised(authorised_step next, const result<std::string>& authoriser) {
  membership_service_.authorised(std::move(next), authoriser);
}

void room_machine::join_again(join_request m) { joins_.want(m); }

// -- invitations

void room_machine::invitation_resolved(const std::string& user) { membership_service_.release(user); }

void room_machine::withdrawals_ended() { commands_.run(); }

void room_machine::call_released(const federation_call& m) { requests_.serve(m); }

// -- answers

void room_machine::answered(question::parents q, const store_answered& m) {
  const auto waited = authoring_.parents().answered(std::move(q), m);
  if (!waited) return;
  authoring_.parents().set_retrying(true);
  dispatch(*waited);
  authoring_.parents().set_retrying(false);
}

void room_machine::policy_decided(std::optional<policy_gate::verdict> v) {
  if (!v) return; // it is asked once more
  if (const auto* call = std::get_if<federation_call>(&v->of)) {
    if (!v->outcome) return refuse(out_, *call, v->outcome.error());
    return membership_service_.finish_send(*call, *v->outcome);
  }
  if (const auto* inbound = std::get_if<policy_gate::inbound_event>(&v->of)) {
    return inbound_.policy_decided(inbound->id, std::move(v->outcome));
  }
  if (!authoring_.waits()) return;
  authoring_.decided(std::move(v->outcome));
  // Whoever waits tries again: one of them is told the outcome, the next one begins a question of its own.
  do {
    for (const auto& waiting : authoring_.take_deferred()) dispatch(waiting);
    unasked_.merger.try_again();
    unasked_.levels.try_again();
    commands_.run();
    if (authoring_.is_decided()) authoring_.forget_decision(); // nobody wants the event any more
  } while (!authoring_.waits() && (authoring_.has_deferred() || commands_.may_carry_out()));
}

} // namespace causeway::room
