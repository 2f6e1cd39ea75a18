#include "actors/invitation/rescissions.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/verifier.hpp"

#include <utility>

namespace causeway::invitation {

bool rescissions::ends(const matrix::event& x) const {
  // Who may reject a knock is not known here: that it is cited shows that the sender's server is of those which know of
  // it.
  const bool sender_may = record_.is_open_knock() ? x.sender != record_.user_id : x.sender == record_.row.inviter;
  return x.room_id == record_.room_id && x.type == "m.room.member" && x.state_key && *x.state_key == record_.user_id &&
         sender_may && (x.membership() == matrix::membership::leave || x.membership() == matrix::membership::ban) &&
         record_.event && cites(x, *record_.event);
}

bool rescissions::is_open() const {
  return record_.row.state == invitation_state::pending || record_.is_open_knock() || record_.is_let_in();
}

void rescissions::receive(const rescission_received& m) {
  static constexpr const char* not_ours = "this server is not in the room";
  const auto& row = record_.row;
  if (!record_.exists || record_.is(invitation_direction::outgoing) || !record_.event) return answer(m, not_ours);
  auto e = matrix::make_event(m.pdu, record_.event->rules());
  if (!e) return answer(m, to_string(e.error()));
  const bool is_over = row.state == invitation_state::revoked || row.state == invitation_state::banned ||
                       record_.is(invitation_direction::knock, invitation_state::rejected);
  if (is_over) return answer(m, {}); // a repeat
  if (!is_open() || matrix::server_name_of((*e)->sender) != m.origin || !ends(**e)) return answer(m, not_ours);
  if (waiting_.size() >= waiting_max) return answer(m, "too many at once");
  waiting_.push_back({m, *e});
  if (waiting_.size() == 1) verify();
}

void rescissions::verify() {
  const auto asked = verifying_.ask(record_.out, {}, record_.patience_ends());
  record_.out.send_at_once({actor_kind::verifier, ""}, verify_events{record_.self(), asked, {waiting_.front().event}});
}

void rescissions::answer(const rescission_received& m, const std::string& error) {
  record_.out.send(m.reply_to, rescission_result{m.asked, error});
}

bool rescissions::verified(const events_verified& m) {
  if (!verifying_.is(m.asked)) return false;
  verifying_.forget();
  const bool is_valid = m.checks.size() == 1 && m.checks.front() == event_check::valid;
  const auto r = std::move(waiting_.front());
  waiting_.pop_front();
  if (!waiting_.empty()) verify();
  answer(r.told, is_valid ? "" : "bad_signature: the event's signature is not valid");
  // The user may have been invited anew while the signature was checked.
  if (!is_valid || !is_open() || !ends(*r.event)) return true;
  if (record_.is(invitation_direction::knock)) knock_.rescinded(*r.event);
  else incoming_.rescinded(*r.event);
  return true;
}

void rescissions::expire() {
  if (!verifying_.is_overdue(record_.out.now())) return;
  verifying_.forget();
  for (const auto& r : std::exchange(waiting_, {})) answer(r.told, "not handled in time");
}

} // namespace causeway::invitation
