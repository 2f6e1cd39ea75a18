#include "actors/remote_server/transaction_queue.hpp"

#include "actors/excerpt.hpp"
#include "messages/invitation_key.hpp"
#include "actors/remote_server/answer_check.hpp"
#include "messages/crash_point.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/transaction.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::remote_server {
namespace {

/// Of the last failure, as it is kept, bytes.
constexpr std::size_t fault_bytes_max = 500;
/// Of the reason a server gives for one event, bytes.
constexpr std::size_t error_bytes_max = 200;
/// Of an answer in a hop, bytes.
constexpr std::size_t hop_answer_bytes_max = 200;

/// The leave or the kick of a user of that server, by somebody else.
bool is_rescission(const matrix::event& x, const std::string& server) {
  return x.type == "m.room.member" && x.membership() == matrix::membership::leave && x.sender != *x.state_key &&
         matrix::server_name_of(*x.state_key) == server;
}

} // namespace

void transaction_queue::load(const store::destination_loaded& from) {
  began_at_ = out_.now();
  destination_ = from.destination;
  destination_.server_name = server_.name;
  set_aside_ = from.refused_count;
  // Perhaps a moment ago, by the incarnation before: the shortest pause holds whatever wakes us.
  if (destination_.failures > 0) schedule_.failed(out_.now());
  in_flight_.pdus = pdus_.load(from);
  message_waits(first_message());
}

void transaction_queue::push(const pdu_queued& m) {
  if (pdus_.push(m)) advance();
  const queued_pdu pushed{m.event, m.chat_room_id, m.chat_message_id};
  if (pushed.is_message()) message_waits(&pushed);
}

void transaction_queue::push(const edu_queued& m) {
  edus_.push(m, server_.options().queue_edus_max);
  advance();
}

void transaction_queue::advance() {
  if (is_busy()) return;
  edus_.drop_refused(out_.now());
  if (!is_repeating() && pdus_.needs_refill()) return pdus_.refill();
  send_what_waits();
}

void transaction_queue::refilled(const store::destination_loaded* found) {
  const auto result = pdus_.refilled(found);
  message_waits(first_message());
  switch (result) {
  case pdu_queue::refill_result::failed: return out_.wake_at(out_.now() + store_retry_ms, timer);
  case pdu_queue::refill_result::incomplete: advance(); break;
  case pdu_queue::refill_result::complete: // what it had is here: it is not asked once more
    if (is_busy()) break;
    edus_.drop_refused(out_.now());
    send_what_waits();
  }
  events_.queue_advanced();
  if (pdus_.is_drained()) events_.queue_is_empty();
}

void transaction_queue::newest_found(const store::destination_loaded* found) {
  pdus_.newest_found(found);
  advance();
}

void transaction_queue::send_what_waits() {
  const bool has_pdus = !pdus_.is_empty();
  if (!is_repeating() && !has_pdus && edus_.is_empty()) return;
  if (!sendable()) {
    edus_.clear(); // what is owed is kept
    return message_waits(first_message());
  }
  if (is_backing_off()) {
    if (!has_pdus && in_flight_.pdus.empty() && !is_repeating())
      edus_.clear(); // an EDU is not worth waking a server that is down
    return out_.wake_at(destination_.retry_at_ts, timer);
  }
  if (!is_repeating()) begin_transaction();
  send_transaction();
}

void transaction_queue::begin_transaction() {
  in_flight_ = pdus_.take();
  destination_.transaction_id = next_transaction_id();
  destination_.transaction_ts = out_.now();
  destination_.transaction_pdus.clear();
  for (const auto& q : in_flight_.pdus) destination_.transaction_pdus.push_back(q.event->event_id);
  destination_.transaction_edus = edus_.take();
  // A transaction of nothing but EDUs is repeated from memory only: losing it in a crash loses nothing that was
  // promised.
  if (!in_flight_.pdus.empty()) out_.write(destination_);
}

void transaction_queue::send_transaction() {
  if (crash::is_mutant(crash::mutant::transaction_id_anew)) destination_.transaction_id = next_transaction_id();
  if (in_flight_.texts.empty())
    for (const auto& q : in_flight_.pdus) in_flight_.texts.push_back(q.event->to_json());
  hops(hop_stage::sent);
  const std::vector<std::string_view> pdus(in_flight_.texts.begin(), in_flight_.texts.end());
  const std::vector<std::string_view> edus(destination_.transaction_edus.begin(), destination_.transaction_edus.end());
  put(destination_.transaction_id,
      matrix::write_transaction(server_.node.server_name, destination_.transaction_ts, pdus, edus),
      awaited::transaction);
}

void transaction_queue::hops(hop_stage stage, const gateway::http_answer* answer) const {
  if (!out_.is_listened_to() || in_flight_.pdus.empty()) return;
  const auto more = out_.details([&] {
    hop_details x{server_.name, destination_.transaction_id, destination_.failures + 1, request_phase::unknown, {}};
    if (!answer) return x;
    x.answer = excerpt(answer->status == 200 ? "200" : describe_failure(*answer), hop_answer_bytes_max);
    if (answer->status != 200) x.phase = failed_phase(*answer);
    return x;
  });
  for (const auto& q : in_flight_.pdus) out_.hop(q.event->event_id, stage, more);
}

void transaction_queue::put(const std::string& transaction_id, std::string body, awaited what) {
  awaited_ = what;
  requests_.send(transaction_request{}, {.endpoint = matrix::endpoint::send,
                                         .parameters = {transaction_id},
                                         .body = std::move(body),
                                         .timeout_ms = server_.options().send_timeout_ms,
                                         .response_bytes_max = response_bytes_max});
}

std::string transaction_queue::next_transaction_id() {
  // Never used twice: the boot, the beginning of this actor, its count. A repeated id would be answered from memory
  // and lost.
  return server_.node.boot_id + "-" + std::to_string(began_at_) + "-" + std::to_string(++last_transaction_);
}

void transaction_queue::answered(const gateway::http_answer& a) {
  const auto what = std::exchange(awaited_, awaited::nothing);
  schedule_.answered(wants_pause_ms(a), out_.now());
  note_answering(a.status == 200);
  if (what == awaited::transaction && a.status != 200) hops(hop_stage::failed, &a);
  if (what == awaited::probe) return probe_answered(a);
  if (a.status == 200) return on_delivered(a);
  if (may_be_about_content(a.status) && server_.is_admitted()) return refused(a);
  failed(describe_failure(a));
}

void transaction_queue::note_answering(bool answers) const {
  const auto& known = server_.node.who()->answering;
  if (!known) return;
  if (answers) known->answered(server_.name, out_.now());
  else known->failed(server_.name);
}

std::map<std::string, std::string> transaction_queue::refused_by_name(const gateway::http_answer& a) {
  std::map<std::string, std::string> refused; // event id -> why
  const auto body = matrix::json::parse(a.body);
  if (!body || !body->as_object()) return refused;
  const auto* verdicts = body->find_object("pdus");
  if (!verdicts) verdicts = body->as_object(); // as ejabberd answers
  for (const auto& v : *verdicts) {
    const auto* error = v.mapped.find_string("error");
    if (error && refused.emplace(v.key, excerpt(*error, error_bytes_max)).second)
      out_.log(log_level::warning, "S207 event refused in the answer to PUT /send",
               {{"server", server_.name}, {"event", v.key}, {"error", refused.at(v.key)}});
  }
  return refused;
}

void transaction_queue::on_delivered(const gateway::http_answer& a) {
  const auto refused = refused_by_name(a);
  notifier_.delivered(in_flight_.pdus, refused, destination_.delayed_event_id);
  hops(hop_stage::acknowledged, &a);
  for (const auto& q : in_flight_.pdus) {
    const auto& e = *q.event;
    if (const auto why = refused.find(e.event_id); why != refused.end())
      out_.hop(e.event_id, hop_stage::refused, out_.details([&] {
        return hop_details{server_.name, destination_.transaction_id, 0, request_phase::http, why->second};
      }));
    if (!refused.contains(e.event_id) && is_rescission(e, server_.name))
      out_.send({actor_kind::invitation, invitation::key_of(e.room_id, *e.state_key)},
                rescission_delivered{e.event_id, e.auth_events});
  }
  delivered_ += in_flight_.pdus.size();
  edus_.complete(true);
  pdus_.grow();
  end_transaction();
}

void transaction_queue::end_transaction() {
  const bool was_failing = destination_.failures > 0;
  if (was_failing && !is_refused_)
    out_.log(log_level::info, "S208 server reachable again",
             {{"server", server_.name}, {"failures", std::to_string(destination_.failures)}});
  edus_.complete(false); // unless they have arrived
  if (was_failing) tell_alive();
  store::remove_destination_pdus removed{server_.name, {}};
  for (const auto& q : in_flight_.pdus) removed.event_ids.push_back(q.event->event_id);
  pdus_.completed(in_flight_.pdus);
  if (!removed.event_ids.empty()) out_.write(std::move(removed));
  const bool on_disk = !destination_.transaction_pdus.empty() || was_failing;
  const auto failing_since = destination_.first_failure_ts;
  auto delayed = still_delayed();
  const bool delay_ends = delayed != destination_.delayed_event_id;
  in_flight_ = {};
  refusals_.reset();
  is_refused_ = false;
  const auto paused_since = destination_.paused_since_ts;
  auto pause_reason = std::move(destination_.pause_reason);
  destination_ = {};
  destination_.server_name = server_.name;
  destination_.delayed_event_id = std::move(delayed);
  destination_.paused_since_ts = paused_since;
  destination_.pause_reason = std::move(pause_reason);
  if (on_disk || delay_ends) out_.write(destination_);
  if (was_failing) pdus_.catch_up(failing_since);
  advance();
  events_.queue_advanced();
}

std::string transaction_queue::still_delayed() const {
  const auto& id = destination_.delayed_event_id;
  const bool is_completed =
    std::any_of(in_flight_.pdus.begin(), in_flight_.pdus.end(), [&](const auto& q) { return q.event->event_id == id; });
  const bool is_all = pdus_.is_empty() && !pdus_.has_more_in_store();
  return is_completed || is_all ? std::string{} : id;
}

const queued_pdu* transaction_queue::first_message() const {
  for (const auto& q : in_flight_.pdus)
    if (q.is_message()) return &q;
  return pdus_.first_message();
}

void transaction_queue::message_waits(const queued_pdu* message) {
  if ((is_backing_off() || !sendable()) && notify_delay(message)) out_.write(destination_);
}

bool transaction_queue::notify_delay(const queued_pdu* message) {
  // Once per outage: whatever is sent there later waits as well.
  if (!message || !destination_.delayed_event_id.empty()) return false;
  const auto fine = sendable();
  if (!notifier_.delayed(*message, fine ? destination_.last_fault : to_string(fine.error()))) return false;
  destination_.delayed_event_id = message->event->event_id;
  return true;
}

void transaction_queue::failed(const std::string& why) {
  is_refused_ = false;
  const auto since = destination_.failures == 0 ? out_.now() : destination_.first_failure_ts;
  failed(why, back_off(server_.options(), destination_.failures + 1, since, out_.now(), server_.name));
}

void transaction_queue::failed(const std::string& why, time_ms pause_ms) {
  schedule_.failed(out_.now());
  if (destination_.failures++ == 0) {
    destination_.first_failure_ts = out_.now();
    out_.log(log_level::warning, "S209 PUT /send failed, backing off", {{"server", server_.name}, {"why", why}});
  }
  destination_.last_fault = excerpt(why, fault_bytes_max);
  notify_delay(first_message());
  destination_.retry_at_ts = schedule_.after(pause_ms, out_.now());
  if (in_flight_.pdus.empty()) { // EDUs only: not repeated
    destination_.transaction_id.clear();
    destination_.transaction_edus.clear();
    edus_.complete(false);
  }
  out_.write(destination_);
  out_.wake_at(destination_.retry_at_ts, timer);
  events_.queue_stopped();
}

bool transaction_queue::is_backing_off() const {
  return !is_due(destination_.retry_at_ts, out_.now(), back_off_max(server_.options()));
}

void transaction_queue::on_contact() {
  // What it does not want it does not want a moment later either.
  if (destination_.retry_at_ts == 0 || awaited_ != awaited::nothing || is_refused_) return;
  bring_forward();
  if (!owes()) tell_alive(); // nothing is sent that would show it
}

void transaction_queue::tell_alive() {
  if (server_.options().receipts) out_.send_at_once({actor_kind::receipts, ""}, server_alive{server_.name});
}

void transaction_queue::hurry() {
  if (destination_.retry_at_ts <= out_.now() || awaited_ != awaited::nothing) return;
  bring_forward();
}

void transaction_queue::bring_forward() {
  destination_.retry_at_ts = std::min(destination_.retry_at_ts, schedule_.earliest(server_.options(), out_.now()));
  advance();
}

void transaction_queue::retry_now() {
  if (destination_.retry_at_ts == 0 || awaited_ != awaited::nothing) return;
  destination_.retry_at_ts = 0;
  advance();
}

status transaction_queue::sendable() const {
  if (auto fine = server_.admitted(); !fine || !is_paused()) return fine;
  return fault{fault_code::peer_unreachable,
               "the operator has paused " + server_.name + ": " + destination_.pause_reason};
}

void transaction_queue::pause(const pause_request& m) {
  if (!m.paused && !is_paused()) return;
  if (!is_paused()) destination_.paused_since_ts = out_.now();
  if (!m.paused) destination_.paused_since_ts = 0;
  destination_.pause_reason = m.paused ? excerpt(m.reason, fault_bytes_max) : std::string{};
  auto row = destination_;
  if (in_flight_.pdus.empty()) { // EDUs only: not repeated after a crash
    row.transaction_id.clear();
    row.transaction_edus.clear();
  }
  out_.write(std::move(row));
  if (m.paused) {
    out_.log(log_level::warning, "S213 server paused by the operator", {{"server", server_.name}, {"why", m.reason}});
    message_waits(first_message());
    return events_.queue_stopped();
  }
  out_.log(log_level::info, "S214 server no longer paused", {{"server", server_.name}});
  tell_alive();
  advance();
}

void transaction_queue::describe(matrix::json::object& o, time_ms now) const {
  o.set("queued", static_cast<std::int64_t>(size()));
  o.set("more_in_store", pdus_.has_more_in_store());
  o.set("catching_up", pdus_.is_catching_up());
  o.set("edus", static_cast<std::int64_t>(edus_.size()));
  o.set("oldest_edu_ts", edus_.oldest_ts());
  o.set("paused_since_ts", destination_.paused_since_ts);
  o.set("transaction", destination_.transaction_id);
  o.set("transaction_pdus", static_cast<std::int64_t>(in_flight_.pdus.size()));
  o.set("failures", static_cast<std::int64_t>(destination_.failures));
  o.set("failing_since_ts", destination_.first_failure_ts);
  o.set("retry_at_ts", destination_.retry_at_ts);
  o.set("last_fault", destination_.last_fault);
  o.set("delivered", static_cast<std::int64_t>(delivered_));
  o.set("refused", set_aside_);
  o.set("waits_for", waits_for(now));
  const auto* oldest = !in_flight_.pdus.empty() ? &in_flight_.pdus.front() : pdus_.oldest();
  if (!oldest) return;
  o.set("oldest_event", oldest->event->event_id);
  o.set("oldest_age_ms", now - std::clamp<time_ms>(oldest->event->origin_server_ts, 0, now));
}

std::string transaction_queue::waits_for(time_ms now) const {
  if (size() == 0) return "nothing";
  if (auto admitted = server_.admitted(); !admitted && awaited_ == awaited::nothing)
    return "being federated with: " + to_string(admitted.error());
  if (is_paused() && awaited_ == awaited::nothing)
    return "the operator, who has paused it: " + destination_.pause_reason;
  if (awaited_ == awaited::probe) return "whether the server takes an empty transaction, after: " + refusal_;
  if (awaited_ == awaited::transaction) return "the answer to transaction " + destination_.transaction_id;
  if (destination_.retry_at_ts > now)
    return "the next attempt in " + std::to_string((destination_.retry_at_ts - now) / 1000) + " s, after " +
           std::to_string(destination_.failures) + " failures: " + destination_.last_fault;
  return "its turn";
}

} // namespace causeway::remote_server
