#include "actors/invitation/invitation_record.hpp"

#include "actors/due.hpp"
#include "actors/excerpt.hpp"
#include "messages/invitation_key.hpp"
#include "actors/invitation/invitation_row.hpp"
#include "actors/invitation/room_preview.hpp"
#include "messages/chat/codec.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <stdexcept>

namespace causeway::invitation {
namespace {

/// A revocation whose confirmation does not come is told again so often: whoever knew of it may have failed.
constexpr time_ms confirm_every_ms = 3'600'000;
/// Kept of why an attempt failed; the rest is in the log.
constexpr std::size_t last_fault_bytes_max = 500;

} // namespace

bool cites(const matrix::event& x, const matrix::event& invite) {
  return std::find(x.auth_events.begin(), x.auth_events.end(), invite.event_id) != x.auth_events.end();
}

std::string reason_of(const matrix::event& x) {
  const auto* reason = x.content().find("reason");
  return reason && reason->as_string() ? *reason->as_string() : std::string{};
}

void invitation_record::load(const std::optional<store::put_invitation>& stored) {
  exists = stored.has_value();
  if (exists) row = *stored;
  row.room_id = room_id;
  row.user_id = user_id;
  if (!exists) return;
  // What a clock that ran ahead has written begins now: nothing may wait for years, and no invitation may end before it
  // was seen.
  row.since_ts = happened_at(row.since_ts, out.now());
  if (const auto lifetime_ms = std::int64_t{node.settings().invitation.lifetime_h} * 3'600'000;
      lifetime_ms > 0 && row.deadline_ts > out.now() + lifetime_ms)
    row.deadline_ts = out.now() + lifetime_ms;
  if (const auto* rules = matrix::find_room_version(row.room_version); rules && !row.event.empty())
    if (auto e = matrix::parse_event(row.event, *rules)) event = *e;
}

void invitation_record::begin_anew(invitation_direction direction, const matrix::event_ptr& of,
                                   invitation_cause cause) {
  row = {};
  row.room_id = room_id;
  row.user_id = user_id;
  row.room_version = std::string{of->rules().id};
  row.inviter = of->sender;
  row.direction = direction;
  row.event = of->to_json();
  row.since_ts = out.now();
  event = of;
  exists = true;
  enter(cause);
}

void invitation_record::enter(invitation_cause cause) {
  const auto* next = find_transition(row.direction, row.state, cause);
  if (!next)
    throw std::logic_error(std::string{name(row.direction)} + " invitation of " + user_id + " to " + room_id +
                           ": state '" + name(row.state) + "' has no transition for " + name(cause));
  row.state = next->to;
}

void invitation_record::change(invitation_cause cause, const std::string& reason) {
  const auto previous = row.state;
  enter(cause);
  if (row.state == previous) return save();
  const bool untold = is_untold();
  if (untold) row.pending_request = next_request::none;
  if (row.direction == invitation_direction::outgoing && previous == invitation_state::sending &&
      row.state != invitation_state::pending)
    // Ahead of the commit, and so of the chat server, which may invite the user again as soon as it hears of it.
    // Without the commit the invitation goes on, and the room is told that it does.
    out.send_ahead(room(), invite_abandoned{user_id, event ? event->event_id : std::string{}});
  row.reason = reason;
  row.since_ts = out.now();
  if (!is_waiting()) row.deadline_ts = 0;
  if (row.state == invitation_state::revoked_unconfirmed) confirm_later();
  save();
  if (!untold) notify_changed(previous); // what nobody has heard of is over for nobody
  decision::fields with{
    {"room", room_id}, {"user", user_id}, {"direction", name(row.direction)}, {"state", name(row.state)}};
  if (row.state == invitation_state::failed || row.state == invitation_state::expired)
    with.emplace_back("reason", reason); // of any other state it is what somebody has written
  out.log(log_level::info, "I302 invitation state changed", std::move(with));
}

void invitation_record::reopen() {
  enter(invitation_cause::reopened);
  row.direction = invitation_direction::incoming;
  row.reason.clear();
  forget_request();
  row.since_ts = out.now();
  save();
  notify_received();
}

void invitation_record::remove() {
  out.write(store::remove_invitation{room_id, user_id});
  row = {};
  row.room_id = room_id;
  row.user_id = user_id;
  event = nullptr;
  exists = false;
}

void invitation_record::fail(const fault& why) {
  forget_request();
  row.last_fault = excerpt(to_string(why), last_fault_bytes_max);
  change(invitation_cause::failed, why.detail);
}

void invitation_record::save() {
  if (row.pending_request == next_request::none) {
    row.retry_at_ts = 0;
    if (row.state != invitation_state::failed) row.last_fault.clear();
  }
  out.write(row);
}

void invitation_record::notify_changed(invitation_state previous) { tell_changed(out, node, row, previous); }

void invitation_record::notify_received() {
  chat::invitation_received n;
  n.room = row.chat_room_id;
  n.matrix_room_id = room_id;
  n.room_version = row.room_version;
  n.user = user_id;
  n.by = row.inviter;
  n.by_display_name = preview_text(row.invite_room_state, "m.room.member", row.inviter, "displayname");
  n.room_name = preview_text(row.invite_room_state, "m.room.name", "", "name");
  n.type = type_word();
  if (event) n.reason = reason_of(*event);
  n.ts = out.now();
  chat::notification told = std::move(n);
  out.write(store::append_outbox{node.stream_of(room_id), chat::name(told), chat::encode(told)});
}

bool invitation_record::is_due() const {
  if (causeway::is_due(row.retry_at_ts, out.now(), pause_ms_max())) return true;
  out.wake_at(row.retry_at_ts, retry_timer);
  return false;
}

void invitation_record::retry_later(const fault& why) {
  const auto doublings = std::min(row.attempts > 0 ? row.attempts - 1 : 0, 20u);
  row.retry_at_ts = out.now() + std::min<time_ms>(time_ms{node.settings().invitation.retry_delay_ms_min} << doublings,
                                                  node.settings().invitation.retry_delay_ms_max);
  // The chat server is told why nothing happens, not how often.
  auto text = excerpt(to_string(why), last_fault_bytes_max);
  const bool news = row.state == invitation_state::sending && find_fault_in(row.last_fault) != find_fault_in(text);
  row.last_fault = std::move(text);
  save();
  if (news) notify_changed(row.state);
  out.wake_at(row.retry_at_ts, retry_timer);
  out.log(log_level::info, "I304 invitation attempt failed; will retry",
          {{"room", room_id}, {"user", user_id}, {"why", row.last_fault}});
}

void invitation_record::confirm_later() { out.wake_at(out.now() + confirm_every_ms, confirm_timer); }

address invitation_record::server_of(std::string_view user) const {
  return {actor_kind::remote_server, std::string{matrix::server_name_of(user)}};
}

time_ms invitation_record::pause_ms_max() const {
  return std::max({time_ms{node.settings().invitation.retry_delay_ms_min},
                   time_ms{node.settings().invitation.retry_delay_ms_max},
                   time_ms{node.settings().invitation.knock_check_s} * 1'000,
                   2 * time_ms{node.settings().federation.request_timeout_ms}});
}

} // namespace causeway::invitation
