#include "actors/invitation/outgoing_invitation.hpp"

#include "actors/answers.hpp"
#include "actors/due.hpp"
#include "actors/invitation/invitation_row.hpp"
#include "actors/invitation/invite_request.hpp"
#include "messages/chat/codec.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/policy_server.hpp"

#include <algorithm>

namespace causeway::invitation {
namespace {

using enum invitation_state;

/// An invitation that has run out and that nobody here may take back is tried again so often: somebody may get the
/// power.
constexpr time_ms expire_again_ms = 24 * 3'600'000LL;
/// Signatures of the answer whose keys are asked for.
constexpr std::size_t key_ids_max = 16;

} // namespace

void outgoing_invitation::load() {
  invite_in_flight_ = record_.exists && record_.row.pending_request == next_request::invite && record_.row.attempts > 0;
}

void outgoing_invitation::begin() {
  auto& row = record_.row;
  auto& out = record_.out;
  if (is_open(row.state)) {
    if (row.deadline_ts != 0) out.wake_at(row.deadline_ts, deadline_timer);
    // A crash may have come between the room's commit and ours.
    if (!question_.is_open()) out.send_at_once(record_.room(), membership_request{record_.user_id});
  }
  if (row.pending_request == next_request::rescind) return rescind_once_more();
  if (row.state == revoked_unconfirmed) {
    if (leave_.empty()) out.send_at_once(record_.room(), membership_request{record_.user_id}); // which leave it is
    out.send_at_once(record_.room(), rescission_wanted_again{record_.user_id, record_.event});
    record_.confirm_later();
  }
  if (row.pending_request == next_request::none || question_.is_open() || keys_.is_open() || refounding_.is_open() ||
      !record_.is_due())
    return;
  if (row.pending_request == next_request::invite) send_invite();
  else if (row.pending_request == next_request::commit && record_.event) {
    out.send_at_once(record_.room(), invite_accepted_by_server{record_.user_id, record_.event});
    // The room may fail with it once more.
    row.retry_at_ts = out.now() + record_.node.settings().invitation.retry_delay_ms_max;
    out.wake_at(row.retry_at_ts, invitation_record::retry_timer);
  }
}

void outgoing_invitation::change(invitation_cause why, const std::string& reason) {
  record_.change(why, reason);
  if (record_.row.state == sending) return;
  keys_.forget(); // what was signed matters no more
  refounding_.forget();
}

// -- it is offered ----------------------------------------------------------------------------------------------------

void outgoing_invitation::wanted(const room_invite_request& m) {
  auto& out = record_.out;
  auto& row = record_.row;
  if (record_.exists && record_.event && record_.event->event_id == m.event->event_id) {
    // Told again, or the row was written with the room.
    if (row.state == sending) tell_begun();
    else give_up_anew(m.event->event_id);
    if (m.command)
      command_succeeded(out, *m.command, chat::invite_send::name,
                        chat::invited_answer{name(sending), record_.type_word()});
    return;
  }
  if (record_.is(invitation_direction::outgoing, sending)) {
    // The room was made again and did not know of this one: the other server may have it, so it goes on.
    tell_begun();
    give_up_anew(m.event->event_id);
    if (m.command)
      command_failed(out, *m.command, chat::invite_send::name,
                     {fault_code::conflict, record_.user_id + " is invited already"});
    return;
  }
  // Whatever the row says, the room has let the user be invited: the invitation before is over, and an answer about it
  // comes too late.
  revoking_.succeed(chat::state_answer{name(invitation_state::revoked)});
  question_.forget();
  keys_.forget();
  revocation_.forget();
  refounding_.forget();
  is_leave_confirmed_ = invite_in_flight_ = false;
  delivered_.clear();
  leave_.clear();
  record_.begin_anew(invitation_direction::outgoing, m.event, cause::invited);
  row = row_of(m, record_.node, out.now());
  record_.save();
  record_.notify_changed(none);
  chat::system_message said;
  said.room = row.chat_room_id;
  said.matrix_room_id = record_.room_id;
  said.kind = "invited";
  said.actor = row.inviter;
  said.target = record_.user_id;
  said.reason = reason_of(*m.event);
  said.event_id = m.event->event_id;
  said.ts = m.event->origin_server_ts;
  chat::notification shown = std::move(said);
  out.write(store::append_outbox{record_.node.stream_of(record_.room_id), chat::name(shown), chat::encode(shown)});
  if (m.command)
    command_succeeded(out, *m.command, chat::invite_send::name,
                      chat::invited_answer{name(row.state), record_.type_word()});
  tell_begun();
  begin();
}

void outgoing_invitation::tell_begun() {
  record_.out.send(record_.room(), invite_begun{record_.user_id, record_.event->event_id, record_.row.inviter});
}

void outgoing_invitation::give_up_anew(const std::string& event_id) {
  record_.out.send(record_.room(), invite_abandoned{record_.user_id, event_id});
}

void outgoing_invitation::send_invite() {
  const auto& event = record_.event;
  auto& row = record_.row;
  if (!event) return fail({fault_code::internal, "the invitation's event cannot be read"});
  auto r = question_.ask(server_request::invite, matrix::endpoint::invite_v2, event->event_id,
                         record_.node.settings().federation.request_timeout_ms);
  r.body = invite_request_body(*event, row.room_version, row.invite_room_state);
  ++row.attempts;
  record_.save(); // from here on the other server may know of it
  record_.out.send(record_.server_of(record_.user_id), std::move(r));
}

void outgoing_invitation::taken(const peer_answer& m) {
  auto body = matrix::json::parse(m.body);
  const auto* returned = body ? body->find_object("event") : nullptr;
  auto e = returned ? matrix::make_event(*returned, record_.event->rules())
                    : result<matrix::event_ptr>{fault_code::peer_bad_answer, "no event"};
  if (!e || (*e)->event_id != record_.event->event_id)
    return retry_later({fault_code::peer_bad_answer, "the answer is not the event that was sent"});
  ask_keys({*e, false});
}

void outgoing_invitation::ask_keys(checked_answer of) {
  const auto server = matrix::server_name_of(record_.user_id);
  keys_request k;
  k.are_doubted = of.are_keys_doubted;
  k.reply_to = record_.self();
  if (const auto* by = of.event->source.find("signatures"))
    if (const auto* own = by->find_object(server))
      for (const auto& s : *own)
        if (k.key_ids.size() < key_ids_max) k.key_ids.push_back(s.key);
  k.asked = keys_.ask(record_.out, std::move(of), record_.patience_ends());
  record_.out.send_at_once(record_.server_of(record_.user_id), std::move(k));
}

void outgoing_invitation::check_signature(const keys_response& m) {
  if (!keys_.is(m.asked)) return;
  const auto answer = keys_.take();
  const auto& signed_event = *answer.event;
  const auto bytes = matrix::signed_bytes(signed_event.source, signed_event.rules());
  const auto verdict = matrix::check_event_signature(signed_event, bytes, m.server_name, *m.keys);
  if (verdict == matrix::signature_verdict::invalid && !answer.are_keys_doubted)
    return ask_keys({answer.event, true}); // installed anew, perhaps
  if (verdict != matrix::signature_verdict::valid)
    return retry_later(
      {fault_code::peer_bad_answer, "the invited server's signature is not valid or its key not known"});
  // Our own signature is taken from our copy, the other server's from the answer: nothing else of it is believed.
  auto source = record_.event->source;
  // It may be the room's policy server too, whose signature is there already and stays.
  for (const auto& s : *signed_event.source.find("signatures")->find_object(m.server_name))
    if (s.key != matrix::policy_server_key_id && s.mapped.as_string())
      matrix::set_signature(source, m.server_name, s.key, *s.mapped.as_string());
  auto merged = matrix::make_event(std::move(source), record_.event->rules());
  if (!merged) return retry_later({fault_code::peer_bad_answer, "the signed event is not well formed"});
  record_.event = *merged;
  commit();
}

void outgoing_invitation::commit() {
  auto& row = record_.row;
  auto& out = record_.out;
  row.event = record_.event->to_json();
  row.pending_request = next_request::commit;
  row.retry_at_ts =
    out.now() + record_.node.settings().invitation.retry_delay_ms_max; // should the room not have taken it by then
  out.wake_at(row.retry_at_ts, invitation_record::retry_timer);
  record_.save();
  out.send(record_.room(), invite_accepted_by_server{record_.user_id, record_.event});
}

void outgoing_invitation::retry_later(const fault& why) {
  const auto now = record_.out.now();
  const auto& row = record_.row;
  // Dated by a clock that ran ahead? It did not begin after its row.
  const auto begun =
    happened_at(record_.event ? record_.event->origin_server_ts : now, row.since_ts > 0 ? row.since_ts : now);
  // While we speak to nobody it is not the server that cannot be reached.
  const bool is_our_doing = why.code == fault_code::federation_disabled;
  const auto patience = std::int64_t{record_.node.settings().invitation.give_up_h} * 3'600'000;
  if (!is_our_doing && record_.event && now - begun > patience)
    return fail({why.code, "the server could not be reached: " + to_string(why)});
  record_.retry_later(why);
}

bool outgoing_invitation::committed() {
  // In the room it may also be to be taken back there: pending it is when the invited server has taken it.
  if (!record_.is(invitation_direction::outgoing, sending) || record_.row.pending_request != next_request::commit)
    return false;
  record_.row.pending_request = next_request::none;
  change(cause::taken, {});
  return true;
}

void outgoing_invitation::not_taken(const invite_not_taken& m) {
  if (!record_.is(invitation_direction::outgoing, sending) || (record_.event && record_.event->event_id != m.event_id))
    return;
  fail({fault_code::forbidden, m.reason});
}

void outgoing_invitation::membership(const invited_membership_changed& m) {
  auto& row = record_.row;
  const auto& event = record_.event;
  // A refusal may be that of a repetition, by a server that had taken the invite before: who joins by it has accepted
  // it.
  if (record_.is(invitation_direction::outgoing, failed) && m.membership == matrix::membership::join && event &&
      m.event && cites(*m.event, *event))
    return change(cause::joined, {});
  if (m.membership == matrix::membership::join && has_come_before_revocation(m)) {
    record_.forget_request(); // nothing is left to be taken back
    return change(cause::joined, {});
  }
  if (!record_.is_waiting()) return;
  const bool is_superseded = event && m.superseded_invite == event->event_id;
  // Before the invite has entered the room (at the server we joined through) its state there is that of an earlier
  // invitation, or of none.
  if (m.historical && row.state == sending && m.membership != matrix::membership::join &&
      m.membership != matrix::membership::ban && !is_superseded && (!event || !m.event || !cites(*m.event, *event)))
    return;
  const bool by_invited = m.by == record_.user_id;
  // Made after the invite it ends this one, though it may cite another: somebody else may have invited the same user.
  if (m.membership == matrix::membership::leave && !by_invited && event && m.event && m.event->depth > event->depth)
    leave_ = m.event->event_id;
  if (m.membership == matrix::membership::leave && !by_invited && revocation_.is_open())
    return; // our own doing: the answer to revoke_invite follows
  row.pending_request = next_request::none;
  if (m.membership == matrix::membership::join) {
    if (row.state != revoked_unconfirmed) change(cause::joined, {});
  } else if (m.membership == matrix::membership::ban) {
    // Its server may hold the invite, and applies no ban of a room that it is not in, whoever bans: it is told that the
    // inviter takes the invitation back, unless it was for the ban already.
    if (row.state == pending || (row.state == sending && row.attempts > 0)) {
      expect_late_invite();
      if (row.pending_request != next_request::rescind) {
        row.pending_request = next_request::rescind;
        row.retry_at_ts = record_.out.now();
      }
    }
    change(cause::banned, m.reason);
    if (row.pending_request == next_request::rescind) rescind_once_more();
  } else if (m.membership == matrix::membership::leave && by_invited) {
    change(cause::rejected, m.reason);
  } else if (m.membership == matrix::membership::leave && is_open(row.state)) {
    if (row.state == sending) expect_late_invite();
    change(cause::revoked, m.reason);
    if (row.pending_request == next_request::rescind) return rescind_once_more();
    const bool is_told = std::exchange(is_leave_confirmed_, false) || (m.event && m.event->event_id == delivered_);
    if (is_told) confirmed();
    // It is not news: what was told of its delivery may have been told to an actor that is no more.
    else if (m.historical) record_.out.send(record_.room(), rescission_wanted_again{record_.user_id, event});
  }
}

bool outgoing_invitation::has_come_before_revocation(const invited_membership_changed& m) const {
  const auto state = record_.row.state;
  const bool is_taken_back = state == invitation_state::revoked || state == revoked_unconfirmed || state == expired;
  if (!is_taken_back || !record_.event || !m.event) return false;
  if (cites(*m.event, *record_.event)) return true;
  // The room tells as news that somebody is back who was sent away: they joined where nobody knew of that. By the same
  // server's other ways they may have come without the invite. Once it has confirmed the leave, they have seen it. What
  // was said before the invite is no answer to it.
  return state == revoked_unconfirmed && !m.historical && m.superseded_invite.empty() &&
         m.event->depth > record_.event->depth;
}

// -- it is revoked, or runs out ---------------------------------------------------------------------------------------

void outgoing_invitation::revoke(const chat_command& m, const chat::invite_revoke& x) {
  auto& row = record_.row;
  auto& out = record_.out;
  const bool is_ours = record_.is(invitation_direction::outgoing);
  if (is_ours && (row.state == invitation_state::revoked || row.state == revoked_unconfirmed))
    return command_succeeded(out, m.reference, x.name, chat::state_answer{name(row.state)}); // it is what was asked for
  if (!is_ours || !is_open(row.state))
    return command_failed(out, m.reference, x.name,
                          {fault_code::conflict, record_.exists ? std::string{"the invitation is "} + name(row.state)
                                                                : "there is no such invitation"});
  if (revoking_.holds(m, "the invitation is being revoked")) return;
  if (row.state == sending && row.attempts == 0) {
    row.pending_request = next_request::none;
    change(cause::revoked_unsent, x.reason.value_or(""));
    return command_succeeded(out, m.reference, x.name, chat::state_answer{name(row.state)});
  }
  revoking_.open(m, record_.patience_ends());
  // An invite that is on its way must not arrive after the leave that takes it back: its server would keep it for ever.
  // One that was refused for the room's version is perhaps sent by another room.
  if (!question_.is_open(server_request::invite) && !refounding_.is_open())
    ask_revocation(x.by, x.reason.value_or(""), false);
}

void outgoing_invitation::ask_revocation(const std::string& requested_by, const std::string& reason, bool of_expiry) {
  const auto& event = record_.event;
  const bool was_of_expiry = revocation_.is_open() && revocation_.about().of_expiry;
  const auto patience_ms = std::int64_t{record_.node.settings().federation.send_join_timeout_ms} * 2;
  revocation_.ask(record_.out, {of_expiry || was_of_expiry}, record_.out.now() + patience_ms);
  revoke_invite r;
  r.user_id = record_.user_id;
  r.invite = event ? event->event_id : std::string{};
  r.by = record_.row.inviter;
  r.requested_by = requested_by;
  r.reason = reason;
  // While its answer is lost the other server may hold the invite: the leave has to follow it into the room.
  if (record_.row.state == sending) r.uncommitted_invite = event;
  record_.out.send_at_once(record_.room(), std::move(r));
}

bool outgoing_invitation::run_out() {
  const auto& row = record_.row;
  if (!record_.is(invitation_direction::outgoing) || !is_open(row.state) || row.deadline_ts == 0 ||
      record_.out.now() < row.deadline_ts || (revocation_.is_open() && revocation_.about().of_expiry))
    return false;
  if (question_.is_open(server_request::invite) || refounding_.is_open()) // the leave must not overtake the invite
    record_.out.wake_at(record_.out.now() + record_.node.settings().federation.request_timeout_ms, deadline_timer);
  else ask_revocation({}, "The invitation expired.", true);
  return true;
}

void outgoing_invitation::revoked(const revocation_result& m) {
  auto& row = record_.row;
  if (record_.event && !m.invite.empty() && m.invite != record_.event->event_id) return; // the user was invited anew
  const bool of_expiry = revocation_.is_open() && revocation_.take().of_expiry;
  if (m.why.code != fault_code::none) return not_revoked(m.why, of_expiry);
  record_.forget_request();
  if (is_open(row.state)) {
    expect_late_invite();
    if (of_expiry) change(cause::expired, "not answered in time");
    else change(cause::revoked, revoking_.is_open() ? revoking_.body().reason.value_or("") : std::string{});
    if (row.pending_request == next_request::rescind) rescind_once_more();
  }
  if (std::exchange(is_leave_confirmed_, false)) confirmed();
  revoking_.succeed(chat::state_answer{name(row.state)});
}

void outgoing_invitation::not_revoked(const fault& why, bool of_expiry) {
  auto& row = record_.row;
  auto& out = record_.out;
  revoking_.fail(why);
  if (of_expiry && is_open(row.state)) {
    const bool is_over = row.state == sending || why.code == fault_code::not_member;
    row.deadline_ts = is_over ? 0 : out.now() + expire_again_ms;
    if (is_over) change(cause::expired, "it could not be taken back: " + to_string(why));
    else {
      // It stands in the room, and the user may still come: it has not expired as long as nobody here may take it back.
      record_.save();
      out.wake_at(row.deadline_ts, deadline_timer);
    }
  }
  if (row.state == sending && why.code == fault_code::not_member) fail(why); // nobody is left who could let them in
  else if (row.state == sending && !question_.is_open()) begin();            // it goes on as before
  // What the room told meanwhile was taken for the revocation's own effect.
  else if (row.state == pending) out.send_at_once(record_.room(), membership_request{record_.user_id});
}

void outgoing_invitation::leave_delivered(const rescission_delivered& m) {
  // One that took an earlier invitation back says nothing about this one.
  const bool is_of_another =
    !m.auth_events.empty() && record_.event && m.event_id != leave_ &&
    std::find(m.auth_events.begin(), m.auth_events.end(), record_.event->event_id) == m.auth_events.end();
  if (is_of_another) return;
  if (is_open(record_.row.state)) delivered_ = m.event_id;
  confirmed();
}

void outgoing_invitation::confirmed() {
  const auto& row = record_.row;
  if (revocation_.is_open()) is_leave_confirmed_ = true; // the room's own answer is on its way
  else if (row.state == revoked_unconfirmed && row.pending_request != next_request::rescind)
    change(cause::revocation_delivered, row.reason);
}

void outgoing_invitation::expect_late_invite() {
  // An invite that arrives after the leave stands at its server as if nobody had taken it back: the leave is told once
  // more when every attempt has long ended.
  if (!std::exchange(invite_in_flight_, false) && !question_.is_open(server_request::invite)) return;
  record_.row.pending_request = next_request::rescind;
  record_.row.retry_at_ts = record_.out.now() + 2 * std::int64_t{record_.node.settings().federation.request_timeout_ms};
}

void outgoing_invitation::rescind_once_more() {
  if (!record_.is_due()) return;
  record_.forget_request();
  record_.save();
  record_.out.send(record_.room(), rescission_wanted_again{record_.user_id, record_.event});
}

void outgoing_invitation::expire() {
  if (keys_.is_overdue(record_.out.now())) {
    keys_.forget();
    retry_later({fault_code::timed_out, "the keys of the invited server were not told"});
  }
  if (refounding_.is_overdue(record_.out.now())) retry_later(refounding_.take());
  const bool is_command_overdue = revoking_.is_overdue();
  if (is_command_overdue) revoking_.fail({fault_code::timed_out, "the room did not answer in time"});
  if (!revocation_.is_open() || !(is_command_overdue || revocation_.is_overdue(record_.out.now()))) return;
  revocation_.forget();
  begin(); // it stands where it stood
}

} // namespace causeway::invitation
