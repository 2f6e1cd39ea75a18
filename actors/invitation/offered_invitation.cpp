// What the invited server answers, and what becomes of an invitation that it does not take.
#include "actors/answers.hpp"
#include "actors/handshake.hpp"
#include "messages/invitation_key.hpp"
#include "actors/invitation/outgoing_invitation.hpp"

#include <algorithm>
#include <utility>

namespace causeway::invitation {
namespace {

using enum invitation_state;

/// By the word of the specification, or that of its draft (MSC4155), which Synapse says.
bool blocks_invites(const peer_answer& m) {
  return m.errcode == "M_INVITE_BLOCKED" || m.errcode == "ORG.MATRIX.MSC4155.M_INVITE_BLOCKED";
}

/// Final is what the other server has understood and refused; a proxy's 404 or a key it could not fetch just now is
/// not.
bool refuses_invite(const peer_answer& m) {
  static constexpr const char* final_codes[] = {"M_FORBIDDEN", "M_INVALID_PARAM", "M_BAD_JSON", "M_MISSING_PARAM",
                                                "M_NOT_FOUND"};
  if (m.status < 400 || m.status >= 500) return false;
  // Synapse says no more than that where its administrator has blocked the room, or invitations altogether.
  if (m.status == 403 && m.errcode == "M_UNKNOWN") return true;
  return blocks_invites(m) ||
         std::find(std::begin(final_codes), std::end(final_codes), m.errcode) != std::end(final_codes);
}

bool refuses_version(const peer_answer& m) {
  return m.status >= 400 && m.status < 500 &&
         (m.errcode == "M_INCOMPATIBLE_ROOM_VERSION" || m.errcode == "M_UNSUPPORTED_ROOM_VERSION");
}

/// The word for why the invited server refuses.
fault refusal_of_invite(const peer_answer& m) {
  if (m.errcode == "M_NOT_FOUND") return {fault_code::not_found, m.why.detail};
  if (blocks_invites(m)) return {fault_code::invite_blocked, m.why.detail};
  if (m.errcode == "M_FORBIDDEN") return {fault_code::forbidden, m.why.detail};
  return {fault_code::peer_refused, m.why.detail};
}

} // namespace

void outgoing_invitation::fail(const fault& why) {
  record_.fail(why);
  keys_.forget();
  refounding_.forget();
}

void outgoing_invitation::answered(const peer_answer& m) {
  auto& row = record_.row;
  const bool is_to_be_revoked = revoking_.is_open() && !revocation_.is_open();
  if (is_to_be_revoked && row.state != sending) {
    // The room has told meanwhile what became of it.
    const auto waiting = revoking_.take();
    return revoke(waiting, std::get<chat::invite_revoke>(*waiting.body));
  }
  if (row.pending_request == next_request::rescind && m.status == 200)
    // It has arrived. An earlier offer of it, whose answer was lost, may still do so: that it is told again later
    // stays.
    record_.out.send(record_.room(), rescission_wanted_again{record_.user_id, record_.event});
  if (row.state != sending || row.pending_request != next_request::invite) return;
  invite_in_flight_ = m.status != 200 && !refuses_version(m);
  if (is_to_be_revoked && refuses_version(m)) return revoke_unsent(); // it has never been anything there
  if (is_to_be_revoked) {                                             // whatever the answer is
    const auto& x = revoking_.body();
    return ask_revocation(x.by, x.reason.value_or(""), false);
  }
  if (m.status == 200) return taken(m);
  if (refuses_version(m)) return ask_refounding(m);
  if (refuses_invite(m)) return fail(refusal_of_invite(m));
  // An address we may not reach and a refusal by our own lists will not change by waiting.
  if (m.why.code == fault_code::server_denied || m.why.code == fault_code::peer_blocked_address) return fail(m.why);
  retry_later(m.why);
}

void outgoing_invitation::ask_refounding(const peer_answer& m) {
  refounding_.ask(record_.out, incompatible_version(m), record_.patience_ends());
  record_.out.send_at_once(record_.room(), room_version_refused{record_.user_id, record_.event->event_id});
}

void outgoing_invitation::refounded(const refounding_ended& m) {
  auto& out = record_.out;
  const bool is_of_this = record_.event && (m.event_id.empty() || m.event_id == record_.event->event_id);
  if (!record_.is(invitation_direction::outgoing, sending) || !is_of_this) return;
  if (m.why.code == fault_code::none) {
    question_.forget();
    keys_.forget();
    refounding_.forget();
    invite_in_flight_ = false;
    record_.remove();
    // What was to be revoked is invited anew: the new room revokes that.
    if (revoking_.is_open()) out.send({actor_kind::invitation, key_of(m.successor, record_.user_id)}, revoking_.take());
    return;
  }
  if (!refounding_.is_open()) return;
  refounding_.forget();
  if (info(m.why.code).retryable) retry_later(m.why);
  else fail(m.why);
  if (!revoking_.is_open()) return;
  const auto waiting = revoking_.take();
  revoke(waiting, std::get<chat::invite_revoke>(*waiting.body));
}

void outgoing_invitation::revoke_unsent() {
  record_.row.pending_request = next_request::none;
  change(cause::revoked_unsent, revoking_.body().reason.value_or(""));
  revoking_.succeed(chat::state_answer{name(record_.row.state)});
}

} // namespace causeway::invitation
