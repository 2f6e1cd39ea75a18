// We invite. The same signed event is offered until the other server has taken or refused it; only then it enters the room.
#include "actors/due.hpp"
#include "actors/excerpt.hpp"
#include "actors/invitation/invitation_machine.hpp"

#include "actors/answers.hpp"
#include "actors/invitation/invitation_row.hpp"
#include "actors/invitation/invite_request.hpp"

#include "actors/handshake.hpp"

#include "messages/chat/codec.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/policy_server.hpp"

#include <algorithm>

namespace causeway::invitation {

using matrix::json::object;

namespace {

/// So long after the invitation came a join whose answer was lost is repeated.
constexpr time_ms join_give_up_ms = 7 * 24 * 3'600'000LL;
/// An invitation that has run out and that nobody here may take back is tried again so often: somebody may get the power.
constexpr time_ms expire_again_ms = 24 * 3'600'000LL;
/// Kept of why an attempt failed; the rest is in the log.
constexpr std::size_t last_fault_bytes_max = 500;

} // namespace

time_ms invitation_machine::pause_ms_max() const {
  return std::max({time_ms{node_.invitation.retry_delay_ms_min}, time_ms{node_.invitation.retry_delay_ms_max},
                   time_ms{node_.invitation.knock_check_s} * 1'000, 2 * time_ms{node_.federation.request_timeout_ms}});
}

void invitation_machine::wanted(const invite_wanted& m) {
  if (exists_ && event_ && event_->event_id == m.event->event_id) {
    // Told again, or the row was written with the room.
    if (row_.state == "sending") tell_begun();
    else out_.send({actor_kind::room, room_id_}, invite_given_up{user_id_, m.event->event_id});
    if (m.command)
      command_succeeded(out_, *m.command, chat::invite_send::name, chat::invited_answer{"sending", row_.type});
    return;
  }
  if (exists_ && row_.direction == "outgoing" && row_.state == "sending") {
    // The room was made again and did not know of this one: the other server may have it, so it goes on.
    tell_begun();
    out_.send({actor_kind::room, room_id_}, invite_given_up{user_id_, m.event->event_id});
    if (m.command)
      command_failed(out_, *m.command, chat::invite_send::name,
                     {fault_code::conflict, user_id_ + " is invited already"});
    return;
  }
  // Whatever the row says, the room has let him be invited: the invitation before is over, and an answer about it comes too late.
  if (const auto command = std::exchange(revoking_, std::nullopt))
    command_succeeded(out_, command->reference, chat::invite_revoke::name, chat::state_answer{"revoked"});
  begin_anew("outgoing", m.event);
  row_ = row_of(m, node_, out_.now());
  save();
  tell_changed({});
  const auto* reason = m.event->content().find("reason");
  chat::notification shown =
    chat::system_message{row_.chat_room_id, room_id_,
                         "invited",         row_.inviter,
                         user_id_,          reason && reason->as_string() ? *reason->as_string() : std::string{},
                         event_->event_id,  event_->origin_server_ts};
  out_.write(store::append_outbox{node_.stream_of(room_id_), chat::name(shown), chat::encode(shown)});
  if (m.command)
    command_succeeded(out_, *m.command, chat::invite_send::name, chat::invited_answer{row_.state, row_.type});
  tell_begun();
  begin();
}

void invitation_machine::tell_begun() {
  out_.send({actor_kind::room, room_id_}, invite_begun{user_id_, event_->event_id, row_.inviter});
}

void invitation_machine::not_taken(const invite_not_taken& m) {
  if (!exists_ || row_.state != "sending" || (event_ && event_->event_id != m.event_id)) return;
  row_.pending_request.clear();
  become("failed", m.reason);
}

void invitation_machine::begin() {
  if (!exists_) return;
  if (row_.direction == "outgoing" && (row_.state == "sending" || row_.state == "pending")) {
    if (row_.deadline_ts != 0) out_.wake_at(row_.deadline_ts, "deadline");
    // A crash may have come between the room's commit and ours.
    if (asking_ == asking::nothing) out_.send_at_once({actor_kind::room, room_id_}, membership_wanted{user_id_});
  }
  if (row_.pending_request == "rescind") return repeat_rescission();
  if (row_.direction == "outgoing" && row_.state == "revoked_unconfirmed") {
    out_.send_at_once({actor_kind::room, room_id_}, rescission_wanted_again{user_id_, event_});
    confirm_later();
  }
  if (row_.pending_request.empty() || asking_ != asking::nothing || keys_asked_ != 0 || profile_asked_ != 0 ||
      admission_asked_ != 0)
    return;
  if (!is_due(row_.retry_at_ts, out_.now(), pause_ms_max())) {
    out_.wake_at(row_.retry_at_ts, "retry");
    return;
  }
  if (row_.pending_request == "invite") send_invite();
  else if (row_.pending_request == "commit" && event_) {
    out_.send_at_once({actor_kind::room, room_id_}, invite_accepted_by_server{user_id_, event_});
    row_.retry_at_ts = out_.now() + node_.invitation.retry_delay_ms_max; // the room may fail with it once more
    out_.wake_at(row_.retry_at_ts, "retry");
  } else if (row_.pending_request == "leave") send_leave_request();
  else if (is_untold()) ask_admission(row_.inviter);
  else if (row_.pending_request == "knock") begin_knock();
  else if (row_.pending_request == "ask") ask_about_knock();
  else if (row_.pending_request == "join" && !joining_ && !answering_) {
    if (is_let_in()) ask_profile();
    else ask_to_join(nullptr);
  }
}

peer_request invitation_machine::question(asking what, matrix::endpoint endpoint, const std::string& about,
                                          std::uint32_t timeout_ms) {
  peer_request r;
  r.reply_to = {actor_kind::invitation, key_of(room_id_, user_id_)};
  r.asked = asked_ = out_.next_token();
  r.endpoint = endpoint;
  r.parameters = {room_id_, about};
  r.timeout_ms = timeout_ms;
  asking_ = what;
  asked_since_ = out_.now();
  return r;
}

void invitation_machine::send_invite() {
  if (!event_) return become("failed", "the invitation's event cannot be read");
  auto r = question(asking::invite, matrix::endpoint::invite_v2, event_->event_id, node_.federation.request_timeout_ms);
  r.body = invite_request_body(*event_, row_.room_version, row_.invite_room_state);
  ++row_.attempts;
  save(); // from here on the other server may know of it
  out_.send({actor_kind::remote_server, std::string{matrix::server_name_of(user_id_)}}, std::move(r));
}

void invitation_machine::retry_later(const fault& why) {
  // Dated by a clock that ran ahead? It did not begin after its row.
  const auto begun =
    happened_at(event_ ? event_->origin_server_ts : out_.now(), row_.since_ts > 0 ? row_.since_ts : out_.now());
  if (row_.direction == "outgoing" && event_ &&
      out_.now() - begun > std::int64_t{node_.invitation.give_up_h} * 3'600'000) {
    row_.pending_request.clear();
    return become("failed", "the server could not be reached: " + to_string(why));
  }
  if (row_.pending_request == "join" && out_.now() - row_.since_ts > join_give_up_ms) {
    if (is_let_in()) return reopen(); // it was let in, and now has to ask once more itself
    row_.pending_request.clear();
    row_.retry_at_ts = 0;
    return save();
  }
  const auto doublings = std::min(row_.attempts > 0 ? row_.attempts - 1 : 0, 20u);
  row_.retry_at_ts = out_.now() + std::min<time_ms>(time_ms{node_.invitation.retry_delay_ms_min} << doublings,
                                                    node_.invitation.retry_delay_ms_max);
  // The chat server is told why nothing happens, not how often.
  const auto code_of = [](std::string_view text) { return text.substr(0, text.find(':')); };
  auto text = excerpt(to_string(why), last_fault_bytes_max);
  const bool news = row_.state == "sending" && code_of(row_.last_fault) != code_of(text);
  row_.last_fault = std::move(text);
  save();
  if (news) tell_changed(row_.state);
  out_.wake_at(row_.retry_at_ts, "retry");
  out_.log(log_level::info, "invitation waits", {{"room", room_id_}, {"user", user_id_}, {"why", row_.last_fault}});
}

void invitation_machine::invite_answered(const peer_answer& m) {
  asking_ = asking::nothing;
  if (revoking_ && !revocation_asked_ && row_.state != "sending") {
    // The room has told meanwhile what became of it.
    const auto waiting = *std::exchange(revoking_, std::nullopt);
    return revoke(waiting, std::get<chat::invite_revoke>(*waiting.body));
  }
  if (row_.state != "sending" || row_.pending_request != "invite") return;
  invite_may_be_late_ = m.status != 200;
  if (revoking_ && !revocation_asked_) return ask_revocation(); // whatever the answer is
  // Final is what the other server has understood and refused; a proxy's 404 or a key it could not fetch just now is not.
  static constexpr const char* final_codes[] = {"M_FORBIDDEN",
                                                "M_INVITE_BLOCKED",
                                                "M_INCOMPATIBLE_ROOM_VERSION",
                                                "M_UNSUPPORTED_ROOM_VERSION",
                                                "M_INVALID_PARAM",
                                                "M_BAD_JSON",
                                                "M_MISSING_PARAM",
                                                "M_NOT_FOUND"};
  const bool is_final = m.status >= 400 && m.status < 500 &&
                        std::find(std::begin(final_codes), std::end(final_codes), m.errcode) != std::end(final_codes);
  if (m.status != 200 && !is_final) {
    // An address we may not reach and a refusal by our own lists will not change by waiting.
    if (m.why.code == fault_code::server_denied || m.why.code == fault_code::peer_blocked_address) {
      row_.pending_request.clear();
      return become("failed", to_string(m.why));
    }
    return retry_later(m.why);
  }
  if (m.status != 200) {
    row_.pending_request.clear();
    return become("failed", m.errcode == "M_INCOMPATIBLE_ROOM_VERSION" ? incompatible_version(m).detail : m.why.detail);
  }
  auto body = matrix::json::parse(m.body);
  const auto* returned = body ? body->find_object("event") : nullptr;
  auto e = returned ? matrix::make_event(*returned, event_->rules())
                    : result<matrix::event_ptr>{fault_code::peer_bad_answer, "no event"};
  if (!e || (*e)->event_id != event_->event_id)
    return retry_later({fault_code::peer_bad_answer, "the answer is not the event that was sent"});
  answered_event_ = *e;
  ask_keys_of_invited(false);
}

void invitation_machine::ask_keys_of_invited(bool are_doubted) {
  keys_doubted_ = are_doubted;
  keys_wanted k;
  k.are_doubted = are_doubted;
  k.reply_to = {actor_kind::invitation, key_of(room_id_, user_id_)};
  k.asked = keys_asked_ = out_.next_token();
  if (const auto* by = answered_event_->source.find("signatures"))
    if (const auto* own = by->find_object(matrix::server_name_of(user_id_)))
      for (const auto& s : *own)
        if (k.key_ids.size() < 16) k.key_ids.push_back(s.key);
  out_.send_at_once({actor_kind::remote_server, std::string{matrix::server_name_of(user_id_)}}, std::move(k));
}

void invitation_machine::signature_checked(const keys_found& m) {
  if (arriving_ && !arriving_->placing && arriving_->asked == m.asked) return inviter_checked(m);
  if (m.asked != keys_asked_ || !answered_event_) return;
  keys_asked_ = 0;
  if (row_.state != "sending") return;
  const auto bytes = matrix::signed_bytes(answered_event_->source, answered_event_->rules());
  const auto verdict = matrix::check_event_signature(*answered_event_, bytes, m.server_name, *m.keys);
  if (verdict == matrix::signature_verdict::invalid && !keys_doubted_)
    return ask_keys_of_invited(true); // installed anew, perhaps
  if (verdict != matrix::signature_verdict::valid)
    return retry_later(
      {fault_code::peer_bad_answer, "the invited server's signature is not valid or its key not known"});
  // Our own signature is taken from our copy, the other server's from the answer: nothing else of it is believed.
  auto source = event_->source;
  // It may be the room's policy server too, whose signature is there already and stays.
  for (const auto& s : *answered_event_->source.find("signatures")->find_object(m.server_name))
    if (s.key != matrix::policy_server_key_id && s.mapped.as_string())
      matrix::set_signature(source, m.server_name, s.key, *s.mapped.as_string());
  auto merged = matrix::make_event(std::move(source), event_->rules());
  if (!merged) return retry_later({fault_code::peer_bad_answer, "the signed event is not well formed"});
  event_ = *merged;
  answered_event_.reset();
  row_.event = event_->to_json();
  row_.pending_request = "commit";
  row_.retry_at_ts = out_.now() + node_.invitation.retry_delay_ms_max; // should the room not have taken it by then
  out_.wake_at(row_.retry_at_ts, "retry");
  save();
  out_.send({actor_kind::room, room_id_}, invite_accepted_by_server{user_id_, event_});
}

void invitation_machine::revoke(const chat_command& m, const chat::invite_revoke& x) {
  if (exists_ && row_.direction == "outgoing" && (row_.state == "revoked" || row_.state == "revoked_unconfirmed"))
    return command_succeeded(out_, m.reference, x.name, chat::state_answer{row_.state}); // it is what was asked for
  if (!exists_ || !is_open() || row_.direction != "outgoing")
    return command_failed(
      out_, m.reference, x.name,
      {fault_code::conflict, exists_ ? "the invitation is " + row_.state : "there is no such invitation"});
  if (revoking_) {
    if (revoking_->reference.command_id != m.reference.command_id)
      return command_failed(out_, m.reference, x.name, {fault_code::conflict, "the invitation is being revoked"});
    revoking_->reference = m.reference; // the same command once more: one RESULT for both
    return;
  }
  if (row_.state == "sending" && row_.attempts == 0) {
    row_.pending_request.clear();
    become("revoked", x.reason.value_or(""));
    return command_succeeded(out_, m.reference, x.name, chat::state_answer{"revoked"});
  }
  revoking_ = m;
  // An invite that is on its way must not arrive after the leave that takes it back: its server would keep it for ever.
  if (asking_ != asking::invite) ask_revocation();
}

void invitation_machine::ask_revocation() {
  const auto& x = std::get<chat::invite_revoke>(*revoking_->body);
  tell_room_to_revoke(x.by, x.reason.value_or(""));
}

void invitation_machine::tell_room_to_revoke(const std::string& requested_by, const std::string& reason) {
  revocation_asked_ = true;
  // While its answer is lost the other server may hold the invite: the leave has to follow it into the room.
  out_.send_at_once({actor_kind::room, room_id_},
                    revoke_invite{user_id_, event_ ? event_->event_id : std::string{}, row_.inviter, requested_by,
                                  reason, row_.state == "sending" ? event_ : nullptr});
}

void invitation_machine::leave_delivered(const rescission_delivered& m) {
  // One that took an earlier invitation back says nothing about this one.
  const bool of_another =
    !m.auth_events.empty() && event_ &&
    std::find(m.auth_events.begin(), m.auth_events.end(), event_->event_id) == m.auth_events.end();
  if (of_another) return;
  if (row_.state == "sending" || row_.state == "pending") delivered_ = m.event_id;
  rescission_told();
}

void invitation_machine::rescission_told() {
  if (revocation_asked_) rescission_told_ = true; // the room's own answer is on its way
  else if (row_.state == "revoked_unconfirmed" && row_.pending_request != "rescind") become("revoked", row_.reason);
}

void invitation_machine::expect_late_invite() {
  // An invite that arrives after the leave stands at its server as if nobody had taken it back: the leave is told once more when every attempt
  // has long ended.
  if (!std::exchange(invite_may_be_late_, false) && asking_ != asking::invite) return;
  row_.pending_request = "rescind";
  row_.retry_at_ts = out_.now() + 2 * std::int64_t{node_.federation.request_timeout_ms};
}

void invitation_machine::repeat_rescission() {
  if (!is_due(row_.retry_at_ts, out_.now(), pause_ms_max())) {
    out_.wake_at(row_.retry_at_ts, "retry");
    return;
  }
  row_.pending_request.clear();
  row_.retry_at_ts = 0;
  save();
  out_.send({actor_kind::room, room_id_}, rescission_wanted_again{user_id_, event_});
}

void invitation_machine::revoked(const revocation_done& m) {
  if (event_ && !m.invite.empty() && m.invite != event_->event_id) return; // he has been invited anew
  revocation_asked_ = false;
  const auto command = std::exchange(revoking_, std::nullopt);
  const bool expired = std::exchange(expiring_, false);
  if (m.why.code != fault_code::none) {
    if (command) command_failed(out_, command->reference, chat::invite_revoke::name, m.why);
    if (expired && is_open()) {
      const bool over = row_.state == "sending" || m.why.code == fault_code::not_member;
      row_.deadline_ts = over ? 0 : out_.now() + expire_again_ms;
      if (over) become("expired", "it could not be taken back: " + to_string(m.why));
      else {
        // It stands in the room, and he may still come: it has not expired as long as nobody here may take it back.
        save();
        out_.wake_at(row_.deadline_ts, "deadline");
      }
    }
    if (row_.state == "sending" && m.why.code == fault_code::not_member) {
      row_.pending_request.clear();
      become("failed", m.why.detail);                                          // nobody is left who could let him in
    } else if (row_.state == "sending" && asking_ == asking::nothing) begin(); // it goes on as before
    // What the room told meanwhile was taken for the revocation's own effect.
    else if (row_.state == "pending") out_.send_at_once({actor_kind::room, room_id_}, membership_wanted{user_id_});
    return;
  }
  row_.pending_request.clear();
  row_.retry_at_ts = 0;
  if (row_.state == "sending" || row_.state == "pending") {
    expect_late_invite();
    if (expired) become("expired", "not answered in time");
    else {
      const auto* x = command ? std::get_if<chat::invite_revoke>(command->body.get()) : nullptr;
      become("revoked_unconfirmed", x && x->reason ? *x->reason : std::string{});
    }
    if (row_.pending_request == "rescind") repeat_rescission();
  }
  if (std::exchange(rescission_told_, false)) rescission_told();
  if (command) command_succeeded(out_, command->reference, chat::invite_revoke::name, chat::state_answer{row_.state});
}

} // namespace causeway::invitation
