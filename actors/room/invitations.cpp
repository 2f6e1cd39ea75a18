// Invitations in the room: our users invite, the invitation is taken back, another server invites one of ours. The row of an invitation is its actor's
// alone; the room writes one only in the commit that creates the room, before anybody can have heard of it.
#include "actors/invitation/invitation_machine.hpp"
#include "actors/room/room_machine.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

using matrix::json::object;

/// How long a leave waits for the invitations it would leave behind, beyond an attempt to reach the invited server: its answer may be lost with the actor
/// that asked.
constexpr time_ms withdrawal_margin_ms = 15'000;

} // namespace

// -- our users invite ------------------------------------------------------------------------------------------------------

void room_machine::run(const queued_command& c, const chat::invite_send& x) {
  if (!head_.federated && !node_.is_local(x.user)) return failed(c.command.reference, x.name, {fault_code::not_federated, x.user});
  auto made = invite(x.by, x.user, x.reason.value_or(""));
  if (!made) return failed(c.command.reference, x.name, made.error());
  consider_group_with(x.user);
  if (!*made) return done(c.command.reference, x.name, chat::invited_answer{"pending", room_type()});
  (*made)->type = room_type();
  (*made)->command = c.command.reference; // the RESULT is the invitation's: it tells it with the commit of its row
  tell_invite(x.user, std::move(**made));
}

result<std::optional<invite_wanted>> room_machine::invite(const std::string& by, const std::string& user, const std::string& reason) {
  if (!node_.is_local(by)) return {fault_code::invalid_param, "by: " + by + " is not a user of this server"};
  const auto server = std::string{matrix::server_name_of(user)};
  if (!node_.admits(server)) return {fault_code::server_denied, "the configuration excludes " + server};
  const auto membership = graph_.membership(user);
  if (membership == "ban") return {fault_code::forbidden, user + " is banned; unban him first"};
  if (membership == "join") return {fault_code::conflict, user + " is in the room already"};
  if (membership == "invite" || inviting_.contains(user)) return {fault_code::conflict, user + " is invited already"};
  object content{{"membership", "invite"}};
  if (is_direct()) content.set("is_direct", true);
  if (!reason.empty()) content.set("reason", reason);
  auto e = author({"m.room.member", by, user, std::move(content)});
  if (!e) return e.error();
  if (node_.is_local(user)) {
    if (auto fine = commit_local(*e); !fine) return fine.error();
    return std::optional<invite_wanted>{};
  }
  return std::optional{invite_wanted{*e, stripped_state(by), head_.chat_room_id, head_.type, {}}};
}

void room_machine::consider_group_with(const std::string& invited) {
  if (head_.type != type_name(chat::room_type::dm)) return;
  auto counted = graph_.members().all();
  counted.change(graph_.membership(invited), {});
  auto others = counted.joined + counted.invited;
  for (const auto& [user, x] : inviting_.all()) others += user != invited;
  if (others < 2) return;
  head_.type = type_name(chat::room_type::group_dm);
  head_changed_ = true;
}

void room_machine::tell_invite(const std::string& user, invite_wanted wanted) {
  inviting_.add(user, wanted, out_.now());
  out_.send({actor_kind::invitation, invitation::key_of(room_id_, user)}, std::move(wanted));
  out_.wake_at(inviting_.deadline(), "inviting");
}

void room_machine::tell_invites_again() {
  for (auto& [user, wanted] : inviting_.overdue(out_.now())) out_.send({actor_kind::invitation, invitation::key_of(room_id_, user)}, std::move(wanted));
  if (const auto next = inviting_.deadline(); next != 0) out_.wake_at(next, "inviting");
}

void room_machine::commit_invite(const invite_accepted_by_server& m) {
  const address to{actor_kind::invitation, invitation::key_of(room_id_, m.user_id)};
  const auto refuse_invite = [&](const std::string& why) { out_.send(to, invite_not_taken{m.event->event_id, why}); };
  if (!exists_ || head_.phase != store::room_phase::joined) {
    if (exists_) rescind_outside(m.event, {});
    refuse_invite("nobody of this server is in the room any more");
  } else if (const auto* known = graph_.find(m.event->event_id)) {
    // It was to be taken back, or the word of the commit was lost.
    if (known->judged != store::verdict::accepted) refuse_invite("the room's rules did not allow it");
    else if (const auto stands = graph_.state_event("m.room.member", m.user_id)) tell_membership_again(stands);
  } else {
    if (fetch_parents_first(m.event, m)) return;
    if (auto fine = commit_local(m.event); !fine) {
      rescind_outside(m.event, {});
      if (auto joined = graph_.state_event("m.room.member", m.user_id); joined && joined->membership() == "join")
        out_.send(to, invited_membership_changed{"join", joined->sender, {}, joined, false});
      else refuse_invite(fine.error().detail);
    }
  }
  invite_settled(m.user_id, m.event->event_id);
}

void room_machine::invite_settled(const std::string& user, std::string_view event_id) {
  if (!inviting_.end(user, event_id)) return;
  release_held(user);
  withdrawal_ended(user);
}

// -- and take it back ------------------------------------------------------------------------------------------------------

void room_machine::revoke(const revoke_invite& m) {
  auto answer = [&](fault why) {
    out_.send({actor_kind::invitation, invitation::key_of(room_id_, m.user_id)}, revocation_done{std::move(why), m.invite});
    withdrawal_ended(m.user_id);
  };
  if (!exists_) return answer({fault_code::not_member, "nobody of this server is in the room"});
  if (head_.phase != store::room_phase::joined) {
    // The room will have nothing of it, the invited server has.
    const auto invite = m.uncommitted_invite ? m.uncommitted_invite : graph_.state_event("m.room.member", m.user_id);
    if (!invite || invite->membership() != "invite") return answer({fault_code::not_member, "nobody of this server is in the room"});
    // Where his server takes part the room's own state counts, and nobody is left who could change it.
    if (!rescind_outside(invite, m.reason) && server_takes_part(matrix::server_name_of(m.user_id)))
      return answer({fault_code::not_member, "nobody of this server is in the room"});
    return answer({});
  }
  if (!m.requested_by.empty() && m.requested_by != m.by) {
    if (graph_.membership(m.requested_by) != "join" || graph_.levels().of_user(m.requested_by) < graph_.levels().of_action("kick"))
      return answer({fault_code::forbidden, m.requested_by + " may not take invitations back in this room"});
  }
  if (m.uncommitted_invite && !graph_.find(m.uncommitted_invite->event_id)) {
    if (fetch_parents_first(m.uncommitted_invite, m)) return;
    if (auto fine = commit_local(m.uncommitted_invite); !fine) {
      rescind_outside(m.uncommitted_invite, m.reason);
      return answer({});
    }
  }
  inviting_.end(m.user_id, m.invite);
  release_held(m.user_id);
  if (graph_.membership(m.user_id) != "invite") return answer({fault_code::conflict, m.user_id + " is not invited"});
  object content{{"membership", "leave"}};
  if (!m.reason.empty()) content.set("reason", m.reason);
  // The inviter himself where he still can: the invited server applies a rescission from nobody else (0.2 of the design notes).
  std::vector<std::string> actors{m.by};
  if (!m.requested_by.empty() && m.requested_by != m.by) actors.push_back(m.requested_by);
  for (auto& user : local_speakers())
    if (std::find(actors.begin(), actors.end(), user) == actors.end()) actors.push_back(std::move(user));
  fault last{fault_code::forbidden, "no user of this server may take the invitation back"};
  for (const auto& by : actors) {
    if (graph_.membership(by) != "join") continue;
    auto e = author({"m.room.member", by, m.user_id, content});
    if (!e && author_waits_) {
      policy_waiting_.emplace_back(m);
      return;
    }
    if (!e && e.error().code != fault_code::forbidden) return answer(e.error()); // the policy server's word, whoever asks
    if (!e) {
      if (by == m.by) last = e.error();
      continue;
    }
    const auto invite = graph_.state_event("m.room.member", m.user_id);
    if (m.requested_by.empty()) expiring_ = m.user_id; // nobody asked for it
    (void)commit_local(*e); // authored against the current state a moment ago
    expiring_.clear();
    if (by != invite->sender) rescind_outside(invite, m.reason);
    return answer({});
  }
  // It has run out, and who could take it back in the room is gone: the invited server believes its inviter.
  if (m.requested_by.empty() && rescind_outside(graph_.state_event("m.room.member", m.user_id), m.reason)) return answer({});
  answer(last);
}

bool room_machine::withdraws_first(const queued_command& c, const std::string& user) {
  // An invited server believes nobody but the inviter that an invitation is taken back, and only while he is in the room. With our last
  // member all open ones have to end: nobody would be left to let the invited in.
  const auto& joined = graph_.members().local_joined();
  const bool is_last = joined.size() == 1 && joined.contains(user);
  if (!c.withdrawn) {
    for (const auto& [invited, x] : inviting_.all()) {
      if (!is_last && x.by != user) continue;
      // Its server may know of it already: the invitation's actor has to bring it to an end.
      chat_command withdrawal;
      withdrawal.body = std::make_shared<const chat::command>(chat::invite_revoke{room_id_, user, invited, {}});
      withdrawal.room_id = room_id_;
      out_.send({actor_kind::invitation, invitation::key_of(room_id_, invited)}, std::move(withdrawal)); // behind the word to begin
      withdrawing_.insert(invited);
    }
    if (!withdrawing_.empty()) {
      commands_.push_front(c);
      commands_.front().withdrawn = true;
      const auto attempt_ms = std::int64_t{node_.federation.request_timeout_ms} + node_.invitation.queue_wait_ms;
      out_.wake_at(out_.now() + attempt_ms + withdrawal_margin_ms, "withdrawn");
      return true;
    }
  }
  if (!is_last) return false;
  std::vector<matrix::event_ptr> open;
  if (graph_.members().all().invited > 0)
    graph_.for_each_member(graph_.current(), [&](const matrix::event_ptr& e) {
      if (e->membership() == "invite" && !node_.is_local(*e->state_key) && node_.is_local(e->sender)) open.push_back(e);
      return true;
    });
  for (const auto& e : open) {
    if (auto taken_back = author({"m.room.member", user, *e->state_key, {{"membership", "leave"}}})) {
      (void)commit_local(*taken_back);
      if (e->sender != user) rescind_outside(e, {});
    } else if (rescind_outside(e, {})) {
      // He may not take it back in the room, but the invited server believes its inviter.
      out_.send({actor_kind::invitation, invitation::key_of(room_id_, *e->state_key)}, invited_membership_changed{"leave", e->sender, {}, nullptr, false});
    }
  }
  return false;
}

void room_machine::withdrawal_ended(const std::string& user) {
  if (withdrawing_.erase(user) == 0 || !withdrawing_.empty()) return;
  out_.wake_at(0, "withdrawn");
  run_commands();
}

// -- what invitations have to hear -----------------------------------------------------------------------------------------

void room_machine::tell_missed_invitations(const std::vector<store::put_invitation>& rows) {
  if (head_.phase != store::room_phase::joined) return;
  const auto has_row = [&](const matrix::event& x) {
    return std::any_of(rows.begin(), rows.end(), [&](const auto& i) {
      if (i.user_id != *x.state_key) return false;
      if (i.direction == "knock" && i.state == "pending" && x.membership() == "invite") return true; // the knock's end, which was told already
      const auto told = matrix::parse_event(i.event, graph_.rules());
      return told && (*told)->event_id == x.event_id;
    });
  };
  graph_.for_each_member(graph_.current(), [&](const matrix::event_ptr& e) {
    const auto membership = e->membership();
    if ((membership != "knock" && membership != "invite") || !node_.is_local(*e->state_key) || !matrix::is_user_id(*e->state_key) || has_row(*e)) return true;
    const address to{actor_kind::invitation, invitation::key_of(room_id_, *e->state_key)};
    if (membership == "knock") out_.send(to, knock_made{e, head_.chat_room_id, head_.type, {}});
    else out_.send(to, invited_to(e));
    return true;
  });
}

invited_membership_changed room_machine::invited_to(const matrix::event_ptr& invite) const {
  const auto* reason = invite->content().find("reason");
  invited_membership_changed m{"invite", invite->sender, reason && reason->as_string() ? *reason->as_string() : std::string{}, invite};
  m.chat_room_id = head_.chat_room_id;
  m.type = room_type();
  m.invite_room_state = stripped_state(invite->sender);
  return m;
}

// -- another server invites one of ours ------------------------------------------------------------------------------------

invite_placed room_machine::place_of(const matrix::event& invite) const {
  invite_placed placed;
  if (!exists_ || head_.phase != store::room_phase::joined) return placed;
  const auto* known = graph_.find(invite.event_id);
  const bool is_staged = work_by_event_.contains(invite.event_id);
  if (known && known->judged == store::verdict::accepted) placed.where = invite_place::taken;
  else if (is_staged) placed.where = invite_place::staged;
  else {
    placed.where = invite_place::refused;
    placed.why = {fault_code::forbidden, "the room's rules do not allow the invitation"};
  }
  return placed;
}

void room_machine::take_arriving(const invite_arrived& m) {
  auto answer = [&](invite_placed placed) {
    placed.asked = m.asked;
    out_.send(m.reply_to, std::move(placed));
  };
  if (!exists_ || head_.phase != store::room_phase::joined) return answer({});
  if (const auto placed = place_of(*m.event); placed.where != invite_place::refused) return answer(placed);
  if (graph_.membership(*m.event->state_key) == "join")
    return answer({0, invite_place::refused, {fault_code::forbidden, *m.event->state_key + " is in the room already"}});
  if (!receive_invite(m.event, m.origin, m)) answer({0, invite_place::refused, {fault_code::limit_exceeded, "too many invitations to this room are under way"}});
}

bool room_machine::receive_invite(const matrix::event_ptr& invite, const std::string& origin, arriving_invites::waiting next) {
  if (!arriving_invites_.has_room()) return false;
  const auto asked = out_.next_token();
  arriving_invites_.add(asked, std::move(next));
  receive({{actor_kind::room, room_id_}, asked, origin, std::make_shared<std::vector<object>>(std::vector{invite->source})});
  return true;
}

void room_machine::arrived_in_room(const pdus_handled& m) {
  auto next = arriving_invites_.take(m.asked);
  if (!next) return;
  const auto error = m.outcomes.empty() ? std::string{} : m.outcomes.front().error;
  if (auto* call = std::get_if<invite_arrived>(&*next)) {
    auto placed = place_of(*call->event);
    placed.asked = call->asked;
    if (m.overloaded) placed = {call->asked, invite_place::refused, {fault_code::limit_exceeded, "the room has too much under way; repeat"}};
    else if (placed.where == invite_place::refused && !error.empty()) placed.why.detail = error;
    return out_.send(call->reply_to, std::move(placed));
  }
  auto join = std::get<join_wanted>(std::move(*next));
  if (m.overloaded) return join_ended(join, {fault_code::overloaded, "the room has too much under way"});
  if (place_of(*join.invite).where == invite_place::staged) {
    arriving_invites_.stage(std::move(join), out_.now());
    out_.wake_at(out_.now() + arriving_invites::staged_ms_max, "arriving");
    return;
  }
  join.invite = nullptr;
  want_join(join);
}

void room_machine::arrival_settled(const matrix::event& x) {
  for (auto& join : arriving_invites_.settled(x.event_id)) {
    join.invite = nullptr;
    out_.send({actor_kind::room, room_id_}, std::move(join)); // behind whatever is going on
  }
}

void room_machine::arrivals_overdue() {
  for (const auto& join : arriving_invites_.overdue(out_.now())) join_ended(join, {fault_code::timed_out, "the invitation is not yet in the room; repeat"});
}

bool room_machine::misses_invite(const join_wanted& m) const {
  if (!m.invite || graph_.membership(m.user_id) == "invite") return false;
  const auto* known = graph_.find(m.invite->event_id);
  if (known && known->judged != store::verdict::outlier) return false;
  const auto rule = graph_.state_event("m.room.join_rules");
  const auto* word = rule ? rule->content().find("join_rule") : nullptr;
  return !(word && word->as_string() && *word->as_string() == "public"); // there he needs none
}

} // namespace causeway::room
