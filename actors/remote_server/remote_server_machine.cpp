#include "actors/remote_server/remote_server_machine.hpp"

#include "actors/remote_server/answer_check.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace causeway::remote_server {
namespace {

/// A server nobody needs keeps no actor.
constexpr time_ms idle_ms = 10 * 60'000;
constexpr time_ms stranger_idle_ms = 30'000;
/// Failures are written together with those of other servers: nobody waits for them, and a wave of them would be a
/// commit each.
constexpr std::uint32_t failures_gathered_ms = 500;

std::string_view phase_word(const gateway::http_answer& a) {
  const auto phase = failed_phase(a);
  return phase == request_phase::unknown ? "gateway" : name(phase); // it was not tried
}

} // namespace

remote_server_machine::remote_server_machine(const context& node, std::string server_name)
    : server_(node, std::move(server_name)), out_({actor_kind::remote_server, server_.name}) {}

effects remote_server_machine::on(const message& m, time_ms now) {
  out_.begin(m, now);
  switch (life_.on(m, out_,
                   [this] { return store::load_destination{server_.name, server_.options().queue_memory_pdus_max}; })) {
  case incarnation::turn::waits: break;
  case incarnation::turn::loaded:
    loaded(incarnation::state_in<store::destination_loaded>(m, "destination " + server_.name));
    for (const auto& waiting : life_.take_deferred()) dispatch(waiting);
    break;
  case incarnation::turn::runs: dispatch(m);
  }
  return flush();
}

void remote_server_machine::loaded(const store::destination_loaded& from) {
  last_active_ = looked_at_ = out_.now();
  open_requests_.load();
  transactions_.load(from);
  keys_.load(from.keys);
  out_.wake_at(out_.now() + stranger_idle_ms, idle_timer);
  transactions_.advance();
}

void remote_server_machine::dispatch(const message& m) {
  out_.continue_trace(m.trace); // it may have waited
  if (!std::holds_alternative<timer_due>(m) && !std::holds_alternative<store_answered>(m)) last_active_ = out_.now();
  std::visit(
    [this](const auto& x) {
      using T = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<T, pdu_queued> || std::is_same_v<T, edu_queued>) transactions_.push(x);
      else if constexpr (std::is_same_v<T, peer_request>) peer_requests_.take(x);
      else if constexpr (std::is_same_v<T, http_answered>) http_answer(*x.answer);
      else if constexpr (std::is_same_v<T, keys_request>) keys_.want(x);
      else if constexpr (std::is_same_v<T, notary_keys_request>) notary_.want(x);
      else if constexpr (std::is_same_v<T, notary_keys_response>) keys_.notary_answered(x);
      else if constexpr (std::is_same_v<T, inbound_request>) authenticator_.receive(x);
      else if constexpr (std::is_same_v<T, pdus_handled>) inbound_transactions_.handled(x);
      else if constexpr (std::is_same_v<T, call_answered>) {
        inbound_calls_.answered(x);
        if (x.status >= 400) returned_.add(out_.now(), "HTTP", std::to_string(x.status) + " " + x.error);
      } else if constexpr (std::is_same_v<T, server_alive>) contacted();
      else if constexpr (std::is_same_v<T, settings_replaced>) transactions_.settings_replaced();
      else if constexpr (std::is_same_v<T, retry_now>) {
        keys_.on_contact();
        transactions_.retry_now();
      } else if constexpr (std::is_same_v<T, pause_request>) {
        transactions_.pause(x);
      } else if constexpr (std::is_same_v<T, status_request>) {
        out_.send_at_once(x.reply_to, status_response{x.asked, out_.self(), describe(out_.now())});
      } else if constexpr (std::is_same_v<T, passivate>) maybe_end();
      else if constexpr (std::is_same_v<T, timer_due>) timer(x);
      else if constexpr (std::is_same_v<T, store_answered>) store_answer(x);
      else out_.log(log_level::error, "S212 remote_server: unexpected message type", {{"server", server_.name}});
    },
    m);
}

void remote_server_machine::store_answer(const store_answered& m) {
  const auto question = store_questions_.close(m.asked);
  if (!question) return;
  std::visit(
    [&](const auto& x) {
      using T = std::decay_t<decltype(x)>;
      const auto* answer = m.answer.get();
      if constexpr (std::is_same_v<T, refill_question>)
        transactions_.refilled(std::get_if<store::destination_loaded>(answer));
      else if constexpr (std::is_same_v<T, catch_up_question>)
        transactions_.newest_found(std::get_if<store::destination_loaded>(answer));
      else if constexpr (std::is_same_v<T, repetition_question>)
        inbound_transactions_.repetition_found(m.asked, std::get_if<store::received_transaction_found>(answer));
      else inbound_calls_.event_found(x, std::get_if<store::events_loaded>(answer));
    },
    *question);
}

void remote_server_machine::http_answer(const gateway::http_answer& m) {
  auto request = open_requests_.close(m);
  if (!request) return;
  auto& answer = request->answer;
  if (answer.status != 0) last_contact_ = out_.now();
  const bool is_transaction = std::holds_alternative<transaction_request>(request->of);
  if (answer.status != 200 && (is_transaction || !is_contact(answer)))
    failed_.add(out_.now(), phase_word(answer), describe_failure(answer));
  std::visit(
    [&](const auto& of) {
      using T = std::decay_t<decltype(of)>;
      if constexpr (std::is_same_v<T, transaction_request>) transactions_.answered(answer);
      else if constexpr (std::is_same_v<T, key_request>) keys_.answered(answer);
      else if constexpr (std::is_same_v<T, notary_request>) notary_.answered(of, answer);
      else peer_requests_.answered(of, std::move(answer));
    },
    request->of);
}

void remote_server_machine::timer(const timer_due& m) {
  if (m.name == transaction_queue::timer) return transactions_.on_timer();
  if (m.name == open_requests::timer) return expire_requests();
  if (m.name == inbound_calls::timer) return inbound_calls_.on_timer();
  if (m.name == inbound_transactions::timer) return inbound_transactions_.on_timer();
  if (m.name == deferred_writes::timer) return deferred_writes_.on_timer();
  if (m.name == key_cache::notary_timer) return keys_.on_notary_timer();
  if (m.name == notary_client::timer) return notary_.on_timer();
  if (m.name == peer_requests::invites_timer) return peer_requests_.on_invites_timer();
  if (m.name == idle_timer) return maybe_end();
}

void remote_server_machine::expire_requests() {
  const auto next = open_requests_.next_deadline();
  for (const auto& answer : open_requests_.lost()) http_answer(answer);
  open_requests_.set_timer(next);
}

void remote_server_machine::authenticated(const inbound_request& m, std::shared_ptr<matrix::json::value> body) {
  last_contact_ = out_.now();
  contacted();
  keys_.refresh();
  // A transaction has its own bound: one under way.
  if (m.match->info->id == matrix::endpoint::send) return inbound_transactions_.receive(m, std::move(body));
  inbound_calls_.receive(m, std::move(body));
}

void remote_server_machine::contacted() {
  keys_.on_contact();
  transactions_.on_contact();
}

effects remote_server_machine::flush() {
  deferred_writes_.flush();
  if (may_wait()) out_.let_wait(transactions_.failures() > 0 ? failures_gathered_ms : 0);
  auto list = out_.take();
  note_refusals(list);
  return list;
}

void remote_server_machine::note_refusals(const effects& list) {
  for (const auto& each : list) {
    if (const auto* p = std::get_if<persist>(&each)) note_refusals(p->then);
    const auto* said = std::get_if<tell>(&each);
    const auto* reply = said ? std::get_if<federation_reply>(&said->body) : nullptr;
    if (reply && reply->status >= 400)
      returned_.add(out_.now(), "HTTP", std::to_string(reply->status) + " " + reply->body);
  }
}

bool remote_server_machine::may_wait() const {
  const bool asks_us =
    !inbound_transactions_.is_idle() || !authenticator_.is_idle() || inbound_calls_.waits_for_store();
  return !asks_us && (transactions_.failures() > 0 || last_contact_ == 0);
}

bool remote_server_machine::is_idle() const {
  return transactions_.is_idle() && open_requests_.is_idle() && peer_requests_.is_idle() &&
         inbound_transactions_.is_idle() && deferred_writes_.is_idle() && authenticator_.is_idle() && keys_.is_idle() &&
         notary_.is_idle() && inbound_calls_.is_idle();
}

void remote_server_machine::maybe_end() {
  // Whoever never proved to be that server keeps its actor for a short while only.
  const auto idle = keys_.keys().empty() && last_contact_ == 0 ? stranger_idle_ms : idle_ms;
  const bool may_end = is_idle() && out_.now() - last_active_ >= idle;
  if (!transactions_.owes() && (out_.now() - looked_at_ >= idle_ms || (may_end && looked_at_ <= last_active_))) {
    // A room may have failed between the commit that queued an event and the message about it.
    looked_at_ = out_.now();
    transactions_.look_again();
  } else if (may_end) out_.finish();
  out_.wake_at(out_.now() + idle, idle_timer); // also when finishing: a message may cross it
}

std::string remote_server_machine::describe(time_ms now) const {
  matrix::json::object o;
  o.set("server", server_.name);
  transactions_.describe(o, now);
  o.set("last_contact_ts", last_contact_);
  o.set("keys", static_cast<std::int64_t>(keys_.keys().size()));
  o.set("keys_fault", keys_.last_fault());
  o.set("keys_asked_ts", keys_.asked_at());
  o.set("keys_asked_again_ts", keys_.asked_again_at());
  o.set("keys_waited_for", static_cast<std::int64_t>(keys_.waiting()));
  o.set("received", static_cast<std::int64_t>(inbound_transactions_.received()));
  o.set("last_errors", failed_.listed());
  o.set("returned_errors", returned_.listed());
  o.set("requests_open", static_cast<std::int64_t>(open_requests_.size()));
  return matrix::json::canonical(o);
}

} // namespace causeway::remote_server
