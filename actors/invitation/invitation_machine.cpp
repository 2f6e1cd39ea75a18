#include "actors/invitation/invitation_machine.hpp"

#include "actors/answers.hpp"
#include "messages/matrix/identifiers.hpp"

#include <stdexcept>

namespace causeway::invitation {
namespace {

/// How often questions that are open are looked at.
constexpr time_ms watch_every_ms = 20'000;

} // namespace

invitation_machine::invitation_machine(const context& node, const std::string& key)
    : invitation_machine(node, key, names_in(key)) {}

invitation_machine::invitation_machine(const context& node, const std::string& key, const names& x)
    : out_({actor_kind::invitation, key}), record_(node, out_, x.room_id, x.user_id) {}

effects invitation_machine::on(const message& m, time_ms now) {
  out_.begin(m, now);
  switch (life_.on(m, out_, [this] { return store::load_invitation{record_.room_id, record_.user_id}; })) {
  case incarnation::turn::waits: break;
  case incarnation::turn::loaded:
    loaded(incarnation::state_in<store::invitation_loaded>(m, "an invitation"));
    for (const auto& waiting : life_.take_deferred()) dispatch(waiting);
    break;
  case incarnation::turn::runs:
    if (const auto* a = std::get_if<store_answered>(&m))
      knock_.profile_found(a->asked, std::get_if<store::user_found>(a->answer.get()));
    else dispatch(m);
  }
  return flush();
}

void invitation_machine::loaded(const store::invitation_loaded& found) {
  record_.load(found.invitation);
  join_.load();
  outgoing_.load();
  // A crash may have come between the room's commit and ours. To an invitation the room itself says so when it is
  // loaded; a knock is perhaps in no room of ours, and nobody else speaks of it.
  if (record_.is_open_knock() || record_.is_let_in())
    out_.send_at_once(record_.room(), membership_request{record_.user_id});
  begin();
}

void invitation_machine::dispatch(const message& m) {
  out_.continue_trace(m.trace); // it may have waited
  std::visit(
    [this](const auto& x) {
      using T = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<T, chat_command>) command(x);
      else if constexpr (std::is_same_v<T, federation_call>) arrivals_.receive(x);
      else if constexpr (std::is_same_v<T, invited_membership_changed>) membership(x);
      else if constexpr (std::is_same_v<T, peer_answer>) answered(x);
      else if constexpr (std::is_same_v<T, events_verified>) {
        if (!arrivals_.verified(x)) rescissions_.verified(x);
      } else if constexpr (std::is_same_v<T, keys_response>) {
        if (!arrivals_.keys_are_here(x)) outgoing_.check_signature(x);
      } else if constexpr (std::is_same_v<T, revocation_result>) outgoing_.revoked(x);
      else if constexpr (std::is_same_v<T, join_result>) room_ended(x);
      else if constexpr (std::is_same_v<T, rescission_received>) rescissions_.receive(x);
      else if constexpr (std::is_same_v<T, room_invite_request>) outgoing_.wanted(x);
      else if constexpr (std::is_same_v<T, knock_made>) {
        if (knock_.made(x)) incoming_.forget();
      } else if constexpr (std::is_same_v<T, invite_placed>) arrivals_.placed(x);
      else if constexpr (std::is_same_v<T, invite_admitted>) incoming_.admitted(x);
      else if constexpr (std::is_same_v<T, invite_not_taken>) outgoing_.not_taken(x);
      else if constexpr (std::is_same_v<T, refounding_ended>) outgoing_.refounded(x);
      else if constexpr (std::is_same_v<T, rescission_delivered>) outgoing_.leave_delivered(x);
      else if constexpr (std::is_same_v<T, causeway::server_alive>) server_alive();
      else if constexpr (std::is_same_v<T, settings_replaced>) settings_changed();
      else if constexpr (std::is_same_v<T, timer_due>) timer(x.name);
      else if constexpr (std::is_same_v<T, status_request>)
        out_.send_at_once(x.reply_to, status_response{x.asked, out_.self(), describe(out_.now())});
      else if constexpr (!std::is_same_v<T, passivate>)
        out_.log(log_level::error, "I301 invitation: unexpected message type",
                 {{"room", record_.room_id}, {"user", record_.user_id}});
    },
    m);
}

bool invitation_machine::is_idle() const {
  return !question_.is_open() && !join_.is_open() && outgoing_.is_idle() && knock_.is_idle() && incoming_.is_idle() &&
         arrivals_.is_idle() && rescissions_.is_idle();
}

effects invitation_machine::flush() {
  const bool idle = is_idle();
  if (idle) record_.waiting_since = out_.now();
  else if (!std::exchange(watching_, true)) out_.wake_at(out_.now() + watch_every_ms, watch_timer);
  auto out = out_.take();
  // Whatever is on disk and waits for somebody else needs no actor: it is made again when it is spoken to.
  const auto& row = record_.row;
  const bool rests = !record_.is_waiting() ||
                     (row.direction != invitation_direction::outgoing && row.state == invitation_state::pending);
  if (life_.is_loaded() && rests && row.pending_request == next_request::none && idle && !life_.has_deferred())
    out.emplace_back(finish{.on_disk = record_.exists});
  return out;
}

void invitation_machine::begin() {
  if (!record_.exists) return;
  switch (record_.row.direction) {
  case invitation_direction::outgoing: return outgoing_.begin();
  case invitation_direction::incoming: return incoming_.begin();
  case invitation_direction::knock: return knock_.begin();
  }
}

void invitation_machine::timer(timer_name name) {
  if (name == watch_timer) return watch();
  if (name == invitation_record::confirm_timer) {
    if (record_.row.state == invitation_state::revoked_unconfirmed && record_.row.pending_request == next_request::none)
      begin();
    return;
  }
  // Behind `retry` and `deadline` is the same question: what is to be done now?
  if (!outgoing_.run_out()) begin();
}

void invitation_machine::watch() {
  // Whoever was asked may have failed with our question: no wait is for ever.
  watching_ = false;
  if (const auto lost = question_.lost()) answered(*lost);
  outgoing_.expire();
  incoming_.expire();
  rescissions_.expire();
  knock_.expire();
  arrivals_.expire();
}

void invitation_machine::server_alive() {
  auto& row = record_.row;
  const bool is_with_server = row.pending_request == next_request::invite ||
                              row.pending_request == next_request::leave || row.pending_request == next_request::knock;
  if (!is_with_server || row.retry_at_ts <= out_.now()) return;
  row.retry_at_ts = out_.now();
  begin();
}

void invitation_machine::settings_changed() {
  // What waits because its server was excluded need not wait out its pause.
  const auto* last = find_fault_in(record_.row.last_fault);
  if (last && (last->code == fault_code::federation_disabled || last->code == fault_code::server_denied))
    server_alive();
}

void invitation_machine::command(const chat_command& m) {
  if (const auto* x = std::get_if<chat::invite_revoke>(m.body.get())) return outgoing_.revoke(m, *x);
  if (const auto* x = std::get_if<chat::invite_answer>(m.body.get())) return incoming_.answer(m, *x);
  if (const auto* x = std::get_if<chat::room_knock>(m.body.get())) return knock_.start(m, *x);
  if (const auto* x = std::get_if<chat::knock_retract>(m.body.get())) return knock_.retract(m, *x);
  command_failed(out_, m.reference, chat::name(*m.body),
                 {fault_code::internal, "an invitation does not handle this command"});
}

void invitation_machine::membership(const invited_membership_changed& m) {
  if (record_.is_open_knock() || record_.is_let_in()) return knock_.membership(m);
  if (m.membership == matrix::membership::invite) {
    if (!outgoing_.committed() && !record_.is_waiting() && !m.historical && record_.node.is_local(record_.user_id) &&
        m.event)
      incoming_.invited_in_room(m, arrivals_.has_counted(m.event->event_id));
    return;
  }
  incoming_.drop_unadmitted();
  if (record_.is(invitation_direction::outgoing)) outgoing_.membership(m);
  else if (record_.is(invitation_direction::incoming)) incoming_.membership(m);
}

void invitation_machine::answered(const peer_answer& m) {
  const auto what = question_.answered(m);
  if (!what) return;
  switch (*what) {
  case server_request::invite: return outgoing_.answered(m);
  case server_request::make_leave:
  case server_request::send_leave: return leave_.answered(*what, m);
  case server_request::make_knock:
  case server_request::send_knock:
  case server_request::about_knock: return knock_.answered(*what, m);
  }
}

void invitation_machine::room_ended(const join_result& m) {
  if (knock_.is_being_retracted()) return knock_.retracted(m);
  if (join_.is_open() && record_.is(invitation_direction::knock)) return knock_.join_ended(m);
  incoming_.ended(m);
}

std::string invitation_machine::describe(time_ms now) const {
  const auto& row = record_.row;
  matrix::json::object o;
  o.set("room_id", record_.room_id);
  o.set("user", record_.user_id);
  o.set("by", row.inviter);
  o.set("direction", record_.exists ? name(row.direction) : "");
  o.set("state", name(row.state));
  o.set("reason", row.reason);
  o.set("since_ts", row.since_ts);
  o.set("deadline_ts", row.deadline_ts);
  o.set("attempts", static_cast<std::int64_t>(row.attempts));
  o.set("retry_at_ts", row.retry_at_ts);
  o.set("last_fault", row.last_fault);
  o.set("waits_for", waits_for(now));
  return matrix::json::canonical(o);
}

std::string invitation_machine::waits_for(time_ms now) const {
  const auto& row = record_.row;
  if (question_.is_open(server_request::make_knock) || question_.is_open(server_request::send_knock))
    return "the answer of " + knock_.asked_server();
  if (question_.is_open(server_request::invite)) return "the answer of " + record_.server_of(record_.user_id).key;
  if (question_.is_open()) return "the answer of " + leave_.server();
  if (row.pending_request != next_request::none && row.retry_at_ts > now)
    return "the next attempt in " + std::to_string((row.retry_at_ts - now) / 1000) + " s";
  if (row.state == invitation_state::pending)
    return "the answer of " + (row.direction == invitation_direction::knock ? "the room" : record_.user_id);
  if (row.state == invitation_state::revoked_unconfirmed) return "the other server to take the revocation";
  return "nothing";
}

} // namespace causeway::invitation
