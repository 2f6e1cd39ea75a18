#include "actors/invitation/incoming_invitation.hpp"

#include "actors/answers.hpp"
#include "messages/invitation_key.hpp"
#include "actors/invitation/room_preview.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <functional>

namespace causeway::invitation {
namespace {

using enum invitation_state;

/// An invitation over its server's bound asks again after so many waits at most, each on average of what fills the
/// bound by one; and after an hour at most.
constexpr std::size_t admission_turns_max = 8;
constexpr std::uint64_t admission_wait_ms_max = 3'600'000;

} // namespace

void incoming_invitation::begin() {
  const auto& row = record_.row;
  if (row.pending_request == next_request::none || question_.is_open() || admission_.is_open() || !record_.is_due())
    return;
  if (row.pending_request == next_request::leave) leave_.begin();
  else if (record_.is_untold()) ask_admission(row.inviter);
  else if (row.pending_request == next_request::join && !join_.is_open() && !answering_.is_open()) join_.ask(nullptr);
}

fault incoming_invitation::conflict() const {
  return {fault_code::conflict,
          record_.exists ? std::string{"the invitation is "} + name(record_.row.state) : "there is no such invitation"};
}

// -- it comes ---------------------------------------------------------------------------------------------------------

bool incoming_invitation::is_told(const matrix::event& invite) const {
  const auto& known = record_.event;
  if (!record_.exists || record_.is(invitation_direction::outgoing) || !known ||
      known->membership() != matrix::membership::invite)
    return false;
  if (known->event_id == invite.event_id) return true;
  // One server invites one after the other: whoever of its users did, what lies before the invite we know was ended by
  // its server itself.
  const bool of_one_server = matrix::server_name_of(known->sender) == matrix::server_name_of(invite.sender);
  return of_one_server && (invite.depth < known->depth ||
                           (invite.depth == known->depth && invite.origin_server_ts < known->origin_server_ts));
}

void incoming_invitation::begin_anew(const matrix::event_ptr& invite) {
  question_.forget();
  admission_.forget();
  leave_.forget();
  knock_.forget();
  record_.begin_anew(invitation_direction::incoming, invite, cause::invited);
}

void incoming_invitation::take(const arrived_invite& a) {
  auto& row = record_.row;
  const auto& invite = a.event;
  if (is_told(*invite)) {
    // The user has answered it long ago. Offered again, so its server may not have heard the answer yet.
    if (row.state == invitation_state::rejected && row.pending_request == next_request::none &&
        record_.event->event_id == invite->event_id) {
      row.pending_request = next_request::leave;
      row.attempts = 0;
      record_.save();
      leave_.begin();
    }
    return;
  }
  if (record_.is_open_knock()) {
    row.room_version = a.room_version;
    row.invite_room_state = a.invite_room_state;
    return knock_.let_in(invite, a.type);
  }
  const auto chat_room_id = row.chat_room_id;
  begin_anew(invite);
  row.room_version = a.room_version;
  row.invite_room_state = a.invite_room_state;
  row.chat_room_id = chat_room_id;
  row.type = a.type;
  // A join to the invitation before is still under way: should its answer be lost, it is repeated.
  if (join_.is_open()) row.pending_request = next_request::join;
  else join_.set_outcome_known();
  record_.save();
  record_.notify_received();
}

void incoming_invitation::invited_in_room(const invited_membership_changed& m, bool is_counted) {
  if (record_.event && record_.event->event_id == m.event->event_id) {
    // The user has answered this very one, and the room will hear of it. Only where they said yes, and the room took
    // them for a member that they had ceased to be, nobody else has heard the answer: they are asked again.
    if (record_.is(invitation_direction::incoming, accepted) && !join_.is_open() && !answering_.is_open())
      record_.reopen();
    return;
  }
  if (is_told(*m.event)) return; // one from before the one that was answered, which the room has heard of late
  if (record_.node.is_local(m.by) || is_counted) return take_room_invite(m, 0);
  unadmitted_ = m;
  ask_admission(m.by);
}

void incoming_invitation::take_room_invite(const invited_membership_changed& m, std::uint32_t wait_ms) {
  begin_anew(m.event);
  auto& row = record_.row;
  row.chat_room_id = m.chat_room_id;
  row.type = m.type;
  const auto told = matrix::json::parse(m.invite_room_state);
  row.invite_room_state = room_preview(told ? &*told : nullptr, row.inviter);
  if (wait_ms > 0) row.pending_request = next_request::tell;
  if (wait_ms > 0) wait_for_admission(wait_ms);
  record_.save();
  if (wait_ms == 0 && !record_.node.is_local(m.by)) record_.notify_received();
}

void incoming_invitation::wait_for_admission(std::uint32_t wait_ms) {
  // One of those that wait has its turn then: not all of them ask at once.
  const auto turns = 1 + std::hash<std::string>{}(key_of(record_.room_id, record_.user_id)) % admission_turns_max;
  auto& out = record_.out;
  record_.row.retry_at_ts =
    out.now() + static_cast<time_ms>(std::min<std::uint64_t>(turns * wait_ms, admission_wait_ms_max));
  out.wake_at(record_.row.retry_at_ts, invitation_record::retry_timer);
}

void incoming_invitation::ask_admission(const std::string& inviter) {
  const auto asked = admission_.ask(record_.out, {}, record_.patience_ends());
  record_.out.send(
    {actor_kind::directory, ""},
    invite_admission_request{record_.self(), asked, std::string{matrix::server_name_of(inviter)}, record_.user_id});
}

void incoming_invitation::admitted(const invite_admitted& m) {
  if (!admission_.is(m.asked)) return;
  admission_.forget();
  if (const auto first = std::exchange(unadmitted_, std::nullopt)) {
    if (m.is_known) take_room_invite(*first, m.wait_ms);
    return;
  }
  if (!record_.is_untold()) return;                        // it is over, or answered, without a word of ours
  if (m.wait_ms > 0) return wait_for_admission(m.wait_ms); // on disk it is as before: it waits
  record_.row.pending_request = next_request::none;
  record_.save();
  record_.notify_received();
}

// -- it is answered ---------------------------------------------------------------------------------------------------

void incoming_invitation::answer(const chat_command& m, const chat::invite_answer& x) {
  auto& out = record_.out;
  if (!record_.is(invitation_direction::incoming, pending)) return command_failed(out, m.reference, x.name, conflict());
  if (answering_.holds(m, "the invitation is being answered")) return;
  if (join_.is_open() && !x.accept)
    return command_failed(out, m.reference, x.name, {fault_code::conflict, "the invitation is being accepted"});
  if (record_.is_untold()) record_.row.pending_request = next_request::none; // the user has found it by themselves
  answering_.open(m, record_.patience_ends());
  if (x.accept) {
    if (!join_.is_open()) join_.ask(&m);
  } else {
    leave_reason_ = x.reason.value_or("");
    out.send_at_once(record_.room(), leave_request{record_.user_id, leave_reason_});
  }
}

void incoming_invitation::ended(const join_result& m) {
  const bool is_member = m.why.code == fault_code::none;
  if (join_.ended(m) && !answering_.is_open() && is_member && record_.is_waiting())
    return record_.change(cause::joined, {});
  if (!answering_.is_open()) return;
  if (!answering_.body().accept) return rejected(m);
  if (!is_member) return answering_.fail(m.why);
  if (record_.is_waiting()) record_.change(cause::joined, {});
  answering_.succeed(chat::state_answer{name(accepted)});
}

void incoming_invitation::rejected(const join_result& m) {
  auto& row = record_.row;
  const chat::state_answer answer{name(invitation_state::rejected)};
  if (m.why.code == fault_code::none || row.state == invitation_state::rejected) {
    if (record_.is_waiting()) record_.change(cause::rejected, leave_reason_);
    return answering_.succeed(answer);
  }
  if (!record_.is_waiting()) return answering_.fail(conflict()); // it has ended meanwhile
  // We do not take part in the room: rejected here and now, whatever the other server does; it is told as soon as it
  // can be.
  row.pending_request = next_request::leave;
  row.attempts = 0;
  row.retry_at_ts = 0;
  record_.change(cause::rejected, leave_reason_);
  answering_.succeed(answer);
  leave_.begin();
}

// -- it ends otherwise ------------------------------------------------------------------------------------------------

void incoming_invitation::membership(const invited_membership_changed& m) {
  const auto& event = record_.event;
  if (!record_.is_waiting()) return;
  const bool is_superseded = event && m.superseded_invite == event->event_id;
  const bool cites_it = event && m.event && cites(*m.event, *event);
  // Before the invite has entered the room (at the server we joined through) its state there is that of an earlier
  // invitation, or of none.
  if (m.historical && m.membership != matrix::membership::join && m.membership != matrix::membership::ban &&
      !is_superseded && !cites_it)
    return;
  // One that ended an earlier invitation may come late, with the history of a join.
  if (m.membership == matrix::membership::leave && !is_superseded && m.event && event &&
      m.event->depth <= event->depth && !cites_it)
    return;
  if (!record_.is_untold()) record_.row.pending_request = next_request::none;
  if (m.membership == matrix::membership::join) record_.change(cause::joined, {});
  else if (m.membership == matrix::membership::ban) record_.change(cause::banned, m.reason);
  else if (m.membership == matrix::membership::leave)
    record_.change(m.by == record_.user_id ? cause::rejected : cause::revoked, m.reason);
}

void incoming_invitation::rescinded(const matrix::event& x) {
  // The user may be a member for all others: the join is repeated all the same, until it is known how it ended.
  if (!join_.is_open() && !join_.is_outcome_unknown()) record_.row.pending_request = next_request::none;
  record_.change(x.membership() == matrix::membership::ban ? cause::banned : cause::revoked, reason_of(x));
}

void incoming_invitation::expire() {
  if (answering_.is_overdue()) answering_.fail({fault_code::timed_out, "the join did not end in time"});
  if (record_.row.direction == invitation_direction::incoming) join_.expire();
  if (!admission_.is_overdue(record_.out.now())) return;
  admission_.forget();
  if (unadmitted_) ask_admission(unadmitted_->by);
  else if (record_.is(invitation_direction::incoming)) begin();
}

} // namespace causeway::invitation
