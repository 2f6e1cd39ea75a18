#include "actors/room/room_invitations.hpp"

#include "messages/invitation_key.hpp"
#include "actors/room/event_text.hpp"
#include "actors/invitation/invitation_machine.hpp"
#include "actors/room/stripped_state.hpp"
#include "actors/room/word_of_invite.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

using matrix::json::object;

/// How long a leave waits for the invitations it would leave behind, beyond an attempt to reach the invited server: its
/// answer may be lost with the actor that asked.
constexpr time_ms withdrawal_margin_ms = 15'000;

} // namespace

status room_invitations::may_be_invited(const std::string& user) const {
  if (!room_.head.federated && !room_.node.is_local(user)) return {fault_code::not_federated, user};
  if (auto fine = room_.node.federates_with(matrix::server_name_of(user)); !fine) return fine;
  const auto membership = room_.graph.membership(user);
  if (membership == matrix::membership::ban) return {fault_code::forbidden, user + " is banned; unban them first"};
  if (membership == matrix::membership::join) return {fault_code::conflict, user + " is in the room already"};
  if (membership == matrix::membership::invite || inviting_.contains(user))
    return {fault_code::conflict, user + " is invited already"};
  return ok();
}

attempt<std::optional<room_invite_request>> room_invitations::invite(const std::string& by, const std::string& user,
                                                                     const std::string& reason) {
  if (!room_.node.is_local(by)) return fault{fault_code::invalid_param, "by: " + by + " is not a user of this server"};
  if (auto fine = may_be_invited(user); !fine) return fine.error();
  object content{{"membership", "invite"}};
  if (room_.is_direct()) content.set("is_direct", true);
  if (!reason.empty()) content.set("reason", reason);
  auto e = authoring_.author({"m.room.member", by, user, std::move(content)});
  if (!e) return attempt<std::optional<room_invite_request>>::failed_like(e);
  if (room_.node.is_local(user)) {
    if (auto fine = authoring_.commit(*e); !fine) return fine.error();
    return std::optional<room_invite_request>{};
  }
  return std::optional{
    room_invite_request{*e, stripped_state(room_, by), room_.head.chat_room_id, room_.head.type, {}}};
}

void room_invitations::consider_group_with(const std::string& invited) {
  if (room_.head.type != chat::room_type::dm) return;
  auto counted = room_.graph.members().all();
  counted.change(room_.graph.membership(invited), matrix::membership::none);
  auto others = counted.joined + counted.invited;
  for (const auto& [user, x] : inviting_.all()) others += user != invited;
  if (others < 2) return;
  writer_.become_group();
}

void room_invitations::begin(const std::string& user, room_invite_request wanted) {
  inviting_.add(user, wanted, out_.now());
  out_.send({actor_kind::invitation, invitation::key_of(room_.id, user)}, std::move(wanted));
  resend_.set(inviting_.deadline());
}

void room_invitations::on_deadline() {
  if (resend_.goes_off(out_.now())) resend();
  if (arriving_end_.goes_off(out_.now())) end_arriving();
  if (withdrawals_end_.goes_off(out_.now())) give_up_withdrawals();
}

void room_invitations::resend() {
  for (auto& [user, wanted] : inviting_.overdue(out_.now()))
    out_.send({actor_kind::invitation, invitation::key_of(room_.id, user)}, std::move(wanted));
  resend_.set(inviting_.deadline());
}

void room_invitations::commit(const invite_accepted_by_server& m) {
  const address to{actor_kind::invitation, invitation::key_of(room_.id, m.user_id)};
  const auto refuse_invite = [&](const std::string& why) { out_.send(to, invite_not_taken{m.event->event_id, why}); };
  if (!room_.takes_part()) {
    const bool is_in_their_room = room_.exists && room_.has_server(matrix::server_name_of(m.user_id)) &&
                                  room_.graph.membership(m.user_id) != matrix::membership::join;
    if (room_.exists) authoring_.rescind_outside(m.event, {});
    // Their server takes part: by its own word the room has the invite, and nobody is left here who could take it back.
    if (is_in_their_room)
      out_.send(to, invited_membership_changed{matrix::membership::invite, m.event->sender, {}, m.event});
    else refuse_invite("nobody of this server is in the room any more");
  } else if (const auto* known = room_.graph.find(m.event->event_id)) {
    // It was to be taken back, or the word of the commit was lost.
    if (known->judged != store::verdict::accepted) refuse_invite("the room's rules did not allow it");
    else if (const auto stands = room_.graph.state_event("m.room.member", m.user_id)) notify_current(stands);
  } else {
    if (authoring_.parents().fetch_first(*m.event, m)) return;
    if (auto fine = authoring_.commit(m.event); !fine) {
      authoring_.rescind_outside(m.event, {});
      if (auto joined = room_.graph.state_event("m.room.member", m.user_id);
          joined && joined->membership() == matrix::membership::join)
        out_.send(to, invited_membership_changed{matrix::membership::join, joined->sender, {}, joined, false});
      else refuse_invite(fine.error().detail);
    }
  }
  resolved(m.user_id, m.event->event_id);
}

void room_invitations::resolved(const std::string& user, std::string_view event_id) {
  if (!inviting_.end(user, event_id)) return;
  events_.invitation_resolved(user);
  withdrawal_ended(user);
}

void room_invitations::revoke(const revoke_invite& m) {
  auto answer = [&](fault why) {
    out_.send({actor_kind::invitation, invitation::key_of(room_.id, m.user_id)},
              revocation_result{std::move(why), m.invite});
    withdrawal_ended(m.user_id);
  };
  if (!room_.exists) return answer({fault_code::not_member, "nobody of this server is in the room"});
  if (room_.head.phase != store::room_phase::joined) {
    // The room will have nothing of it, the invited server has.
    const auto invite =
      m.uncommitted_invite ? m.uncommitted_invite : room_.graph.state_event("m.room.member", m.user_id);
    if (!invite || invite->membership() != matrix::membership::invite)
      return answer({fault_code::not_member, "nobody of this server is in the room"});
    // Where their server takes part the room's own state counts, and nobody is left who could change it.
    if (!authoring_.rescind_outside(invite, m.reason) && room_.has_server(matrix::server_name_of(m.user_id)))
      return answer({fault_code::not_member, "nobody of this server is in the room"});
    return answer({});
  }
  if (!m.requested_by.empty() && m.requested_by != m.by) {
    if (room_.graph.membership(m.requested_by) != matrix::membership::join ||
        room_.graph.levels().of_user(m.requested_by) < room_.graph.levels().of_action("kick"))
      return answer({fault_code::forbidden, m.requested_by + " may not take invitations back in this room"});
  }
  if (m.uncommitted_invite && !room_.graph.find(m.uncommitted_invite->event_id)) {
    if (authoring_.parents().fetch_first(*m.uncommitted_invite, m)) return;
    if (auto fine = authoring_.commit(m.uncommitted_invite); !fine) {
      authoring_.rescind_outside(m.uncommitted_invite, m.reason);
      return answer({});
    }
  }
  inviting_.end(m.user_id, m.invite);
  events_.invitation_resolved(m.user_id);
  if (room_.graph.membership(m.user_id) != matrix::membership::invite)
    return answer({fault_code::conflict, m.user_id + " is not invited"});
  object content{{"membership", "leave"}};
  if (!m.reason.empty()) content.set("reason", m.reason);
  // The inviter where they still can: the invited server applies a rescission from nobody else.
  std::vector<std::string> actors{m.by};
  if (!m.requested_by.empty() && m.requested_by != m.by) actors.push_back(m.requested_by);
  for (auto& user : room_.local_speakers())
    if (std::find(actors.begin(), actors.end(), user) == actors.end()) actors.push_back(std::move(user));
  fault last{fault_code::forbidden, "no user of this server may take the invitation back"};
  for (const auto& by : actors) {
    if (room_.graph.membership(by) != matrix::membership::join) continue;
    auto e = authoring_.author({"m.room.member", by, m.user_id, content});
    if (e.waits()) return authoring_.try_again_later(m);
    if (!e && e.error().code != fault_code::forbidden)
      return answer(e.error()); // the policy server's word, whoever asks
    if (!e) {
      if (by == m.by) last = e.error();
      continue;
    }
    const auto invite = room_.graph.state_event("m.room.member", m.user_id);
    if (m.requested_by.empty()) expiring_ = m.user_id; // nobody asked for it
    (void)authoring_.commit(*e);                       // authored against the current state a moment ago
    expiring_.clear();
    if (by != invite->sender) authoring_.rescind_outside(invite, m.reason);
    return answer({});
  }
  // It has run out, and who could take it back in the room is gone: the invited server believes its inviter.
  if (m.requested_by.empty() &&
      authoring_.rescind_outside(room_.graph.state_event("m.room.member", m.user_id), m.reason))
    return answer({});
  answer(last);
}

void room_invitations::withdraw(const std::string& invited, const std::string& by,
                                const std::optional<std::string>& reason) {
  chat_command withdrawal;
  withdrawal.body = std::make_shared<const chat::command>(chat::invite_revoke{room_.id, by, invited, reason});
  withdrawal.room_id = room_.id;
  out_.send({actor_kind::invitation, invitation::key_of(room_.id, invited)},
            std::move(withdrawal)); // behind the word to begin
  withdrawing_.insert(invited);
  const auto attempt_ms =
    std::int64_t{room_.node.settings().federation.request_timeout_ms} + room_.node.settings().invitation.queue_wait_ms;
  withdrawals_end_.set(out_.now() + attempt_ms + withdrawal_margin_ms);
}

attempt<matrix::event_ptr> room_invitations::take_back(const std::string& by, const std::string& user,
                                                       const std::string& reason) {
  const auto invite = room_.graph.state_event("m.room.member", user);
  object content{{"membership", "leave"}};
  if (!reason.empty()) content.set("reason", reason);
  std::vector<std::string> actors;
  if (invite->sender != by && room_.node.is_local(invite->sender) &&
      room_.graph.membership(invite->sender) == matrix::membership::join)
    actors.push_back(invite->sender);
  actors.push_back(by);
  attempt<matrix::event_ptr> e = fault{};
  for (const auto& actor : actors) {
    e = authoring_.author({"m.room.member", actor, user, content});
    if (e.waits() || (!e && e.error().code != fault_code::forbidden)) return e;
    if (e) break;
  }
  if (!e) return e;
  if (auto fine = authoring_.commit(*e); !fine) return fine.error();
  if ((*e)->sender != invite->sender) authoring_.rescind_outside(invite, reason);
  return e;
}

bool room_invitations::withdraw_uncommitted(const std::string& user, const std::optional<std::string>& reason,
                                            bool of_all) {
  for (const auto& [invited, x] : inviting_.all()) {
    if (!of_all && x.by != user) continue;
    // Its server may know of it already: the invitation's actor has to bring it to an end.
    withdraw(invited, room_.graph.membership(x.by) == matrix::membership::join ? x.by : user, reason);
  }
  return !withdrawing_.empty();
}

bool room_invitations::withdraw_first(const std::string& user, bool withdrawn) {
  // An invited server believes nobody but the inviter that an invitation is taken back, and only while they are in the
  // room. With our last member all open ones have to end: nobody would be left to let the invited in.
  const auto& joined = room_.graph.members().local_joined();
  const bool is_last = joined.size() == 1 && joined.contains(user);
  if (!withdrawn && withdraw_uncommitted(user, {}, is_last)) return true;
  if (is_last) take_back_all(user, {});
  return false;
}

bool room_invitations::withdraw_all(const std::string& by, const std::optional<std::string>& reason, bool withdrawn) {
  if (!withdrawn && withdraw_uncommitted(by, reason, true)) return true;
  take_back_all(by, reason);
  return false;
}

void room_invitations::take_back_all(const std::string& by, const std::optional<std::string>& reason) {
  std::vector<matrix::event_ptr> open;
  if (room_.graph.members().all().invited > 0)
    room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
      if (e->membership() == matrix::membership::invite && !room_.node.is_local(*e->state_key) &&
          room_.node.is_local(e->sender))
        open.push_back(e);
      return true;
    });
  object content{{"membership", "leave"}};
  if (reason && !reason->empty()) content.set("reason", *reason);
  for (const auto& e : open) {
    if (auto taken_back = authoring_.author({"m.room.member", by, e->state_key, content})) {
      (void)authoring_.commit(*taken_back);
      if (e->sender != by) authoring_.rescind_outside(e, reason.value_or(""));
    } else if (authoring_.rescind_outside(e, reason.value_or(""))) {
      // They may not take it back in the room, but the invited server believes its inviter.
      out_.send({actor_kind::invitation, invitation::key_of(room_.id, *e->state_key)},
                invited_membership_changed{matrix::membership::leave, e->sender, {}, nullptr, false});
    }
  }
}

void room_invitations::withdrawal_ended(const std::string& user) {
  if (withdrawing_.erase(user) == 0 || !withdrawing_.empty()) return;
  withdrawals_end_.clear();
  events_.withdrawals_ended();
}

void room_invitations::notify_missed(const std::vector<store::put_invitation>& rows) {
  if (room_.head.phase != store::room_phase::joined) return;
  const auto has_row = [&](const matrix::event& x) {
    return std::any_of(rows.begin(), rows.end(), [&](const auto& i) {
      if (i.user_id != *x.state_key) return false;
      if (i.direction == invitation_direction::knock && i.state == invitation_state::pending &&
          x.membership() == matrix::membership::invite)
        return true; // the knock's end, which was told already
      const auto told = matrix::parse_event(i.event, room_.graph.rules());
      return told && (*told)->event_id == x.event_id;
    });
  };
  room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
    const auto membership = e->membership();
    if ((membership != matrix::membership::knock && membership != matrix::membership::invite) ||
        !room_.node.is_local(*e->state_key) || !matrix::is_user_id(*e->state_key) || has_row(*e))
      return true;
    const address to{actor_kind::invitation, invitation::key_of(room_.id, *e->state_key)};
    if (membership == matrix::membership::knock)
      out_.send(to, knock_made{e, room_.head.chat_room_id, room_.head.type, {}});
    else out_.send(to, word_of_invite(room_, e));
    return true;
  });
}

invite_placed room_invitations::place_of(const matrix::event& invite) const {
  invite_placed placed;
  if (!room_.takes_part()) return placed;
  const auto* known = room_.graph.find(invite.event_id);
  const bool is_staged = inbound_.is_under_way(invite.event_id);
  if (known && known->judged == store::verdict::accepted) placed.where = invite_place::taken;
  else if (is_staged) placed.where = invite_place::staged;
  else {
    placed.where = invite_place::refused;
    placed.why = {fault_code::forbidden, "the room's rules do not allow the invitation"};
  }
  return placed;
}

void room_invitations::arrived(const invite_arrived& m) {
  auto answer = [&](invite_placed placed) {
    placed.asked = m.asked;
    out_.send(m.reply_to, std::move(placed));
  };
  if (!room_.takes_part()) return answer({});
  if (const auto placed = place_of(*m.event); placed.where != invite_place::refused) return answer(placed);
  // What the invite cites may have put them out, and is not known here yet: then its past is waited for.
  if (room_.graph.membership(*m.event->state_key) == matrix::membership::join &&
      room_.graph.missing_auth_events(*m.event).empty())
    return answer({0, invite_place::refused, {fault_code::forbidden, *m.event->state_key + " is in the room already"}});
  if (!receive(m.event, m.origin, m))
    answer({0, invite_place::refused, {fault_code::limit_exceeded, "too many invitations to this room are under way"}});
}

bool room_invitations::receive(const matrix::event_ptr& invite, const std::string& origin,
                               arriving_invites::waiting next) {
  if (!arriving_.has_room()) return false;
  const auto asked = out_.next_token();
  arriving_.add(asked, std::move(next));
  inbound_.receive({out_.self(), asked, origin, std::make_shared<std::vector<object>>(std::vector{invite->source})});
  return true;
}

void room_invitations::handled_by_room(const pdus_handled& m) {
  auto next = arriving_.take(m.asked);
  if (!next) return;
  const auto error = m.outcomes.empty() ? std::string{} : m.outcomes.front().error;
  if (auto* call = std::get_if<invite_arrived>(&*next)) {
    auto placed = place_of(*call->event);
    placed.asked = call->asked;
    if (m.overloaded)
      placed = {
        call->asked, invite_place::refused, {fault_code::limit_exceeded, "the room has too much under way; repeat"}};
    else if (placed.where == invite_place::refused && !error.empty()) placed.why.detail = error;
    return out_.send(call->reply_to, std::move(placed));
  }
  auto join = std::get<join_request>(std::move(*next));
  if (m.overloaded) return events_.join_ended(join, {fault_code::overloaded, "the room has too much under way"});
  if (place_of(*join.invite).where == invite_place::staged) {
    arriving_.stage(std::move(join), out_.now());
    arriving_end_.set(arriving_.deadline());
    return;
  }
  join.invite = nullptr;
  events_.join_again(std::move(join));
}

void room_invitations::event_completed(const matrix::event& x) {
  if (arriving_.empty()) return;
  for (auto& join : arriving_.completed(x.event_id)) {
    join.invite = nullptr;
    out_.send({actor_kind::room, room_.id}, std::move(join)); // behind whatever is going on
  }
}

void room_invitations::end_arriving() {
  for (const auto& join : arriving_.overdue(out_.now()))
    events_.join_ended(join, {fault_code::timed_out, "the invitation is not yet in the room; repeat"});
  arriving_end_.set(arriving_.deadline());
}

bool room_invitations::is_missing(const join_request& m) const {
  if (!m.invite || room_.graph.membership(m.user_id) == matrix::membership::invite) return false;
  const auto* known = room_.graph.find(m.invite->event_id);
  if (known && known->judged != store::verdict::outlier) return false;
  const auto rule = room_.graph.state_event("m.room.join_rules");
  const auto* word = rule ? rule->content().find("join_rule") : nullptr;
  return !(word && word->as_string() && *word->as_string() == "public"); // there they need none
}

void room_invitations::observe(const state_change& c) {
  const auto& user = c.key.second;
  using enum matrix::membership;
  const auto previous = c.before ? c.before->membership() : none;
  const auto next = c.after ? c.after->membership() : leave;
  const auto* e = c.after.get();
  const auto by = e ? e->sender : std::string{};
  const auto reason = e ? text_of(*e, "reason") : std::string{};
  // From leave to leave: an invitation may have come and gone within one merge.
  const bool unseen = next == leave && (previous == none || previous == leave);
  const bool came_otherwise = next == join && inviting_.contains(user); // before their invite was in the room
  // The yes to an invitation that was taken back, by who did not know of that: in a public room it stands.
  const bool came_against = next == join && previous == leave && c.before->sender != user &&
                            !invitation::cites(*c.after, *c.before) && !room_.node.is_local(user);
  const bool knocked = previous == knock && room_.node.is_local(user);
  // Also what is not in the room yet, or was taken back for the ban a moment ago.
  const bool banned = next == ban && previous != ban && previous != join;
  if ((previous == invite || next == invite || unseen || came_otherwise || came_against || knocked || banned) &&
      matrix::is_user_id(user)) {
    auto changed = next == invite && room_.node.is_local(user) ? word_of_invite(room_, c.after)
                                                               : invited_membership_changed{next, by, reason, c.after};
    changed.historical = unseen;
    if (previous == invite) changed.superseded_invite = c.before->event_id;
    out_.send({actor_kind::invitation, invitation::key_of(room_.id, user)}, std::move(changed));
  }
}

void room_invitations::notify_current(const matrix::event_ptr& e, const std::string& superseded_invite) {
  auto again = e->membership() == matrix::membership::invite && room_.node.is_local(*e->state_key)
                 ? word_of_invite(room_, e)
                 : invited_membership_changed{e->membership(), e->sender, text_of(*e, "reason"), e};
  again.historical = true;
  again.superseded_invite = superseded_invite;
  out_.send({actor_kind::invitation, invitation::key_of(room_.id, *e->state_key)}, std::move(again));
}

void room_invitations::event_accepted(const matrix::event& invite) {
  // What they said to an earlier invitation, before we knew that it was taken back, stands against this one, and the
  // merge may have decided so without a change of the state.
  if (!invite.is_state() || invite.type != "m.room.member" || invite.membership() != matrix::membership::invite ||
      !room_.node.is_local(*invite.state_key))
    return;
  const auto stands = room_.graph.state_event("m.room.member", *invite.state_key);
  if (stands && stands->event_id != invite.event_id) notify_current(stands, invite.event_id);
}

std::string room_invitations::accepted_invite(const store::put_invitation& invitation) const {
  const auto invite = matrix::parse_event(invitation.event, room_.graph.rules());
  const auto* known = invite ? room_.graph.find((*invite)->event_id) : nullptr;
  return known && known->judged == store::verdict::accepted ? (*invite)->event_id : std::string{};
}

void room_invitations::notify_local_users() {
  // What became of the others of ours who were invited may have reached us with the room's state only: the event that
  // says so is known by now and will change nothing when it is pushed.
  room_.graph.for_each_member(room_.graph.current(), [this](const matrix::event_ptr& e) {
    if (room_.node.is_local(*e->state_key) && matrix::is_user_id(*e->state_key)) notify_current(e);
    return true;
  });
}

void room_invitations::send_membership(const membership_request& m) {
  if (auto e = room_.exists ? room_.graph.state_event("m.room.member", m.user_id) : nullptr) notify_current(e);
  else
    out_.send({actor_kind::invitation, invitation::key_of(room_.id, m.user_id)},
              invited_membership_changed{matrix::membership::none, {}, {}, nullptr, true});
}

void room_invitations::leave(const leave_request& m) {
  fault why;
  const bool ours = room_.takes_part();
  if (!ours)
    return out_.send({actor_kind::invitation, invitation::key_of(room_.id, m.user_id)},
                     join_result{m.user_id, {fault_code::not_member, "this server is not in the room"}});
  draft d{"m.room.member", m.user_id, m.user_id, {{"membership", "leave"}}};
  if (!m.reason.empty()) d.content.set("reason", m.reason);
  auto e = authoring_.author(d);
  if (e.waits()) return authoring_.try_again_later(m);
  auto fine = e ? authoring_.commit(*e) : causeway::status{e.error()};
  if (!fine) why = fine.error();
  out_.send({actor_kind::invitation, invitation::key_of(room_.id, m.user_id)}, join_result{m.user_id, why});
}

void room_invitations::rescind_again(const rescission_wanted_again& m) {
  auto e = room_.exists ? room_.graph.state_event("m.room.member", m.user_id) : nullptr;
  const bool takes_part = room_.takes_part();
  const bool in_room =
    e && (e->membership() == matrix::membership::join || (e->membership() == matrix::membership::invite && takes_part));
  // They have accepted it, and the word of that was lost.
  if (e && m.invite && e->membership() == matrix::membership::join && invitation::cites(*e, *m.invite))
    return notify_current(e);
  const bool told_by_room = e && e->membership() == matrix::membership::leave && e->sender != m.user_id;
  if (told_by_room) authoring_.queue_for(e, {std::string{matrix::server_name_of(m.user_id)}});
  const bool believed = told_by_room && m.invite && e->sender == m.invite->sender;
  const bool told_outside =
    room_.exists && m.invite && !in_room && !believed && authoring_.rescind_outside(m.invite, {});
  if (!told_by_room && !told_outside)
    out_.send({actor_kind::invitation, invitation::key_of(room_.id, m.user_id)}, rescission_delivered{});
}

void room_invitations::load(const std::vector<store::put_invitation>& rows) {
  for (const auto& i : rows)
    if (i.direction == invitation_direction::outgoing && i.state == invitation_state::sending) {
      const auto invite = matrix::parse_event(i.event, room_.graph.rules());
      inviting_.confirm({i.user_id, invite ? (*invite)->event_id : std::string{}, i.inviter});
      // An earlier incarnation of this actor may have ended between the commit that wrote the row and the word to
      // begin.
      out_.send_at_once({actor_kind::invitation, invitation::key_of(room_.id, i.user_id)}, passivate{});
    } else if (i.state == invitation_state::pending && room_.head.phase == store::room_phase::joined) {
      // Or between the commit that ended it and the word of that.
      const auto open =
        i.direction == invitation_direction::knock ? matrix::membership::knock : matrix::membership::invite;
      if (auto e = room_.graph.state_event("m.room.member", i.user_id); e && e->membership() != open)
        notify_current(e, accepted_invite(i));
    } else if (i.direction == invitation_direction::outgoing && room_.head.phase == store::room_phase::joined &&
               (i.state == invitation_state::revoked || i.state == invitation_state::revoked_unconfirmed ||
                i.state == invitation_state::expired)) {
      // Or that their yes stands against the revocation.
      const auto e = room_.graph.state_event("m.room.member", i.user_id);
      if (!e || e->membership() != matrix::membership::join) continue;
      const auto invite = matrix::parse_event(i.event, room_.graph.rules());
      if (invite && invitation::cites(*e, **invite)) notify_current(e);
    }
  notify_missed(rows);
}

void room_invitations::give_up_withdrawals() {
  withdrawing_.clear();
  events_.withdrawals_ended();
}

} // namespace causeway::room
