#include "actors/remote_server/remote_server_machine.hpp"

#include "actors/due.hpp"
#include "actors/remote_server/answer_check.hpp"
#include "actors/remote_server/back_off.hpp"
#include "actors/remote_server/old_form.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/request_auth.hpp"

#include <algorithm>
#include <stdexcept>

namespace causeway::remote_server {
namespace {

using matrix::json::object;

/// The gateway answers within the request's time-out; a request that is still open this much later was lost with it.
constexpr time_ms lost_after_ms = 10'000;
/// What may be lost in a crash is written with something else, or after this time.
constexpr time_ms lazy_ms = 1'000;
/// A server nobody needs keeps no actor.
constexpr time_ms idle_ms = 10 * 60'000;
constexpr time_ms stranger_idle_ms = 30'000;
/// Failures are written together with those of other servers: nobody waits for them, and a wave of them would be a
/// commit each.
constexpr std::uint32_t failures_gathered_ms = 500;

/// Questions about missing events and history: another server of the room can answer them as well, and whoever asks has more to ask.
bool asks_what_others_know(matrix::endpoint e) {
  using matrix::endpoint;
  return e == endpoint::get_missing_events || e == endpoint::backfill || e == endpoint::event_auth ||
         e == endpoint::event || e == endpoint::state || e == endpoint::state_ids;
}

} // namespace

remote_server_machine::remote_server_machine(const context& node, std::string server_name)
    : node_(node), server_name_(std::move(server_name)), out_({actor_kind::remote_server, server_name_}) {
  destination_.server_name = server_name_;
}

effects remote_server_machine::on(const message& m, time_ms now) {
  out_.set_now(now);
  switch (life_.on(m, out_,
                   [this] { return store::load_destination{server_name_, node_.federation.queue_memory_pdus_max}; })) {
  case incarnation::turn::waits: break;
  case incarnation::turn::loaded:
    loaded(incarnation::state_in<store::destination_loaded>(m, "destination " + server_name_));
    for (const auto& waiting : life_.take_deferred()) dispatch(waiting);
    break;
  case incarnation::turn::runs: dispatch(m);
  }
  return flush();
}

void remote_server_machine::loaded(const store::destination_loaded& from) {
  last_request_ = out_.first_token();
  last_active_ = born_ = looked_at_ = out_.now();
  destination_ = from.destination;
  destination_.server_name = server_name_;
  refused_ = from.refused_count;
  // Perhaps a moment ago, by whoever was here before: the shortest pause holds whatever wakes us.
  if (destination_.failures > 0) failed_at_ = out_.now();
  more_in_store_ = from.more;
  keys_ = std::make_shared<const matrix::verify_keys>(from.keys.keys);
  keys_fetched_at_ = keys_asked_at_ = from.keys.fetched_ts;
  if (auto documents = matrix::split_documents(from.keys.documents); !documents.empty())
    key_documents_ = std::make_shared<const matrix::key_documents>(std::move(documents));
  for (const auto& e : from.pdus) {
    queued_ids_.insert(e->event_id);
    pdus_.push_back(read_back(e, from));
  }
  // A transaction that was under way is repeated under its own id and with its own body until it is answered with 200.
  for (const auto& id : destination_.transaction_pdus) {
    const auto is_it = [&](const auto& e) { return e->event_id == id; };
    if (auto it = std::find_if(pdus_.begin(), pdus_.end(), [&](const auto& q) { return is_it(q.event); });
        it != pdus_.end()) {
      in_flight_.push_back(std::move(*it));
      pdus_.erase(it);
    } else if (auto far = std::find_if(from.in_flight.begin(), from.in_flight.end(), is_it);
               far != from.in_flight.end()) {
      queued_ids_.insert(id);
      in_flight_.push_back(read_back(*far, from));
    }
  }
  out_.wake_at(out_.now() + stranger_idle_ms, "idle");
  consider_sending();
}

void remote_server_machine::dispatch(const message& m) {
  if (!std::holds_alternative<timer_due>(m) && !std::holds_alternative<store_answered>(m)) last_active_ = out_.now();
  std::visit(
    [this](const auto& x) {
      using T = std::decay_t<decltype(x)>;
      if constexpr (std::is_same_v<T, pdu_queued>) enqueue(x);
      else if constexpr (std::is_same_v<T, edu_queued>) {
        std::erase_if(edus_, [&](const auto& e) { return e.key == x.key; });
        edus_.push_back(x);
        if (edus_.size() > node_.federation.queue_edus_max) edus_.pop_front(); // EDUs are hints: the oldest goes
        consider_sending();
      } else if constexpr (std::is_same_v<T, peer_request>) send_peer_request(x);
      else if constexpr (std::is_same_v<T, http_answered>) answered(*x.answer);
      else if constexpr (std::is_same_v<T, keys_wanted>) want_keys(x);
      else if constexpr (std::is_same_v<T, notary_keys_wanted>) ask_for_other(x);
      else if constexpr (std::is_same_v<T, notary_keys_told>) notary_told(x);
      else if constexpr (std::is_same_v<T, inbound_request>) inbound(x);
      else if constexpr (std::is_same_v<T, pdus_handled>) handled(x);
      else if constexpr (std::is_same_v<T, call_answered>) call_ended(x);
      else if constexpr (std::is_same_v<T, server_alive>) sign_of_life();
      else if constexpr (std::is_same_v<T, retry_now>) retry_at_once();
      else if constexpr (std::is_same_v<T, status_wanted>)
        out_.send_at_once(x.reply_to,
                          status_told{x.asked, {actor_kind::remote_server, server_name_}, describe(out_.now())});
      else if constexpr (std::is_same_v<T, passivate>) consider_idle();
      else if constexpr (std::is_same_v<T, timer_due>) {
        if (x.name == "send") consider_sending();
        else if (x.name == "sweep") sweep();
        else if (x.name == "calls") calls_overdue();
        else if (x.name == "receiving") watch_transaction();
        else if (x.name == "lazy") write_lazily(true);
        else if (x.name == "notary") notary_overdue();
        else if (x.name == "others") ask_for_others();
        else if (x.name == "invites") consider_held_invites();
        else if (x.name == "idle") consider_idle();
      } else if constexpr (std::is_same_v<T, store_answered>) {
        if (x.asked == refill_token_) {
          refill_token_ = 0;
          const auto* found = std::get_if<store::destination_loaded>(x.answer.get());
          if (!found) {
            out_.wake_at(out_.now() + 1'000, "send"); // the store is busy
            return;
          }
          const bool missed = missed_while_refilling_; // then the answer is no last word
          more_in_store_ = found->more || missed;
          for (const auto& e : found->pdus)
            if (queued_ids_.insert(e->event_id).second) pdus_.push_back(read_back(e, *found));
          consider_sending(!missed);
          consider_held_invites();
          if (pdus_.empty() && refill_token_ == 0) consider_idle();
        } else if (x.asked == catch_up_token_) {
          newest_found(std::get_if<store::destination_loaded>(x.answer.get()));
        } else if (receiving_ && receiving_->repetition_token == x.asked) {
          receiving_->repetition_token = 0;
          const auto* found = std::get_if<store::received_transaction_found>(x.answer.get());
          if (found && found->response) {
            for (const auto& [gateway, id] : receiving_->waiting) reply(gateway, id, 200, *found->response);
            receiving_.reset();
          } else {
            begin_transaction(receiving_->id);
          }
        } else if (auto it = finding_event_.find(x.asked); it != finding_event_.end()) {
          auto call = std::move(it->second);
          finding_event_.erase(it);
          const auto* found = std::get_if<store::events_loaded>(x.answer.get());
          if (!found || found->events.empty())
            return refuse(call, {fault_code::not_found, "the event is unknown here"});
          out_.send_at_once({actor_kind::room, found->events.front().event->room_id},
                            federation_call{call.gateway, call.id, server_name_, call.match, nullptr});
        }
      } else {
        out_.log(log_level::warning, "remote_server: message not understood", {{"server", server_name_}});
      }
    },
    m);
}

void remote_server_machine::write_lazily(bool due) {
  if (due) {
    lazy_timer_ = false;
    append_writes(std::exchange(lazy_, {}));
  } else if (!lazy_timer_ && !lazy_.empty()) {
    lazy_timer_ = true;
    out_.wake_at(out_.now() + lazy_ms, "lazy");
  }
}

void remote_server_machine::append_writes(std::vector<store::write> more) {
  out_.writes().insert(out_.writes().end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

effects remote_server_machine::flush() {
  if (!out_.writes().empty() && !lazy_.empty()) append_writes(std::exchange(lazy_, {}));
  write_lazily(false);
  auto list = out_.take();
  if (may_wait())
    for (auto& each : list)
      if (auto* p = std::get_if<persist>(&each))
        p->batch.may_wait_ms = destination_.failures > 0 ? failures_gathered_ms : 0;
  return list;
}

bool remote_server_machine::may_wait() const {
  const bool asks_us = receiving_ || !auth_waiting_.empty() || !finding_event_.empty();
  return !asks_us && (destination_.failures > 0 || last_contact_ == 0);
}

void remote_server_machine::consider_idle() {
  const bool sends = has_backlog() || !destination_.transaction_id.empty();
  const bool busy = sends || !edus_.empty() || !open_.empty() || !held_invites_.empty() || receiving_ ||
                    !lazy_.empty() || !auth_waiting_.empty() || !keys_waiting_.empty() || !finding_event_.empty() ||
                    !others_waiting_.empty() || !others_unchecked_.empty() || history_calls_.waiting() > 0;
  // Whoever never proved to be that server keeps its actor for a short while only.
  const auto idle = keys_->empty() && last_contact_ == 0 ? stranger_idle_ms : idle_ms;
  const bool may_end = !busy && out_.now() - last_active_ >= idle;
  if (!sends && (out_.now() - looked_at_ >= idle_ms || (may_end && looked_at_ <= last_active_))) {
    // A room may have failed between the commit that queued an event and the word of it.
    looked_at_ = out_.now();
    more_in_store_ = true;
    refill();
  } else if (may_end) out_.finish();
  out_.wake_at(out_.now() + idle, "idle"); // also when finishing: a message may cross it
}

std::uint64_t remote_server_machine::request(open_request::kind what, matrix::endpoint endpoint,
                                             const std::vector<std::string_view>& parameters, const std::string& query,
                                             std::string body, std::uint32_t timeout_ms,
                                             std::uint64_t response_bytes_max, std::uint64_t stream) {
  const auto& row = matrix::info(endpoint);
  gateway::http_request r;
  r.id = ++last_request_;
  r.server_name = server_name_;
  r.method = std::string{row.method};
  r.target = matrix::endpoint_path(endpoint, parameters);
  if (!query.empty()) r.target += "?" + query;
  // A notary need not be told who asks, but may do more for whoever says it: ours does.
  if (row.auth == matrix::authentication::x_matrix || endpoint == matrix::endpoint::key_query_batch)
    r.authorization.push_back(
      matrix::sign_request_of_text(r.method, r.target, node_.server_name, server_name_,
                                   body.empty() ? std::nullopt : std::optional<std::string_view>{body}, node_.key));
  r.body = std::move(body);
  r.timeout_ms = timeout_ms;
  r.response_bytes_max = response_bytes_max;
  r.stream = stream;
  open_request o;
  o.what = what;
  o.endpoint = endpoint;
  o.is_streamed = stream != 0;
  o.deadline = out_.now() + timeout_ms + lost_after_ms;
  if (open_.empty()) out_.wake_at(o.deadline, "sweep");
  open_.emplace(r.id, o);
  const auto id = r.id;
  // After the commits so far: a transaction's id and body are on disk before its first attempt.
  out_.send({actor_kind::gateway, ""}, std::move(r));
  return id;
}

void remote_server_machine::send_peer_request(const peer_request& m) {
  if (!node_.admits(server_name_)) {
    peer_answer a;
    a.asked = m.asked;
    a.server_name = server_name_;
    a.why = {fault_code::server_denied, "the configuration excludes " + server_name_};
    out_.send_at_once(m.reply_to, std::move(a));
    return;
  }
  if (!is_due(destination_.retry_at_ts, out_.now(), back_off_max(node_.federation)) &&
      asks_what_others_know(m.endpoint)) {
    peer_answer a;
    a.asked = m.asked;
    a.server_name = server_name_;
    a.why = {fault_code::peer_unreachable,
             server_name_ + " is being left alone after " + std::to_string(destination_.failures) + " failures"};
    out_.send_at_once(m.reply_to, std::move(a));
    return;
  }
  if (const auto left = pauses_.left(m.endpoint, out_.now()); left > 0) {
    peer_answer a;
    a.asked = m.asked;
    a.server_name = server_name_;
    a.status = 429;
    a.errcode = "M_LIMIT_EXCEEDED";
    a.why = {fault_code::peer_unreachable, server_name_ +
                                             " has asked to be left alone with such requests for another " +
                                             std::to_string(left / 1'000 + 1) + " s"};
    out_.send_at_once(m.reply_to, std::move(a));
    return;
  }
  if (m.endpoint == matrix::endpoint::invite_v2 && node_.invitation.queue_wait_ms > 0 && has_backlog())
    return hold_invite(m);
  send_peer_request(m, false);
}

void remote_server_machine::send_peer_request(const peer_request& m, bool in_old_form) {
  std::string query;
  for (const auto& [k, v] : m.query)
    query += (query.empty() ? "" : "&") + matrix::percent_encode(k) + "=" + matrix::percent_encode(v);
  std::vector<std::string_view> parameters(m.parameters.begin(), m.parameters.end());
  const auto id = request(open_request::kind::peer, m.endpoint, parameters, query, m.body, m.timeout_ms,
                          m.response_bytes_max, m.stream);
  auto& o = open_.at(id);
  o.reply_to = m.reply_to;
  o.asked = m.asked;
  o.in_old_form = in_old_form;
  if (!in_old_form && has_old_form(m)) o.in_new_form = std::make_shared<const peer_request>(m);
}

void remote_server_machine::answered(const gateway::http_answer& heard) {
  auto it = open_.find(heard.id);
  if (it == open_.end()) return; // given up meanwhile
  const auto r = std::move(it->second);
  open_.erase(it);
  auto a = heard;
  if (r.in_old_form) take_out_of_old_form(a);
  check_http_answer(a, r.endpoint, r.is_streamed);
  if (a.status != 0) last_contact_ = out_.now();
  if (a.status != 0 && r.endpoint != matrix::endpoint::send) pauses_.heard(r.endpoint, wants_pause_ms(a), out_.now());
  switch (r.what) {
  case open_request::kind::transaction: return transaction_answered(a);
  case open_request::kind::keys: return keys_answered(a);
  case open_request::kind::notary: return others_answered(r, a);
  case open_request::kind::peer: return finish_peer_request(r, std::move(a));
  }
}

void remote_server_machine::finish_peer_request(const open_request& r, gateway::http_answer a) {
  if (r.in_new_form && is_unknown_endpoint(a))
    if (auto old = in_old_form(*r.in_new_form)) return send_peer_request(*old, true);
  const bool is_alive = is_sign_of_life(a);
  peer_answer out;
  out.asked = r.asked;
  out.server_name = server_name_;
  out.status = a.status;
  if (a.status == 0) {
    out.why = a.why.code == fault_code::none ? fault{fault_code::peer_unreachable, server_name_} : a.why;
    if (out.why.code == fault_code::peer_bad_answer) out.why.detail = server_name_ + ": " + out.why.detail;
  } else if (a.status != 200) {
    const auto error = matrix_error_of(a).value_or(matrix_error{});
    out.errcode = error.errcode;
    const bool is_later = a.status >= 500 || a.status == 429;
    // A 4xx that no homeserver wrote decides nothing: a proxy's page is gone tomorrow.
    const auto code = is_later                ? fault_code::peer_unreachable
                      : error.errcode.empty() ? fault_code::peer_bad_answer
                                              : fault_code::peer_refused;
    out.why = {code, server_name_ + " answered " + std::to_string(a.status) + " " + error.errcode + " " + error.error};
  }
  out.body = std::move(a.body);
  out_.send_at_once(r.reply_to, std::move(out));
  if (is_alive) sign_of_life();
}

void remote_server_machine::sweep() {
  time_ms next = 0;
  std::vector<std::uint64_t> lost;
  for (const auto& [id, r] : open_) {
    if (r.deadline <= out_.now()) lost.push_back(id);
    else next = next == 0 ? r.deadline : std::min(next, r.deadline);
  }
  for (const auto id : lost) {
    gateway::http_answer a;
    a.id = id;
    a.why = {fault_code::peer_timeout, "no answer from the gateway"};
    answered(a);
  }
  if (next != 0) out_.wake_at(next, "sweep");
}

std::string remote_server_machine::describe(time_ms now) const {
  object o;
  o.set("server", server_name_);
  const auto waiting = static_cast<std::int64_t>(first_.size() + pdus_.size() + in_flight_.size());
  o.set("queued", waiting);
  o.set("more_in_store", more_in_store_);
  o.set("catching_up", catching_up_);
  o.set("edus", static_cast<std::int64_t>(edus_.size()));
  o.set("transaction", destination_.transaction_id);
  o.set("transaction_pdus", static_cast<std::int64_t>(in_flight_.size()));
  o.set("failures", static_cast<std::int64_t>(destination_.failures));
  o.set("failing_since_ts", destination_.first_failure_ts);
  o.set("retry_at_ts", destination_.retry_at_ts);
  o.set("last_fault", destination_.last_fault);
  o.set("last_contact_ts", last_contact_);
  o.set("keys", static_cast<std::int64_t>(keys_->size()));
  o.set("keys_fault", keys_fault_);
  o.set("keys_waited_for", static_cast<std::int64_t>(keys_waiting_.size()));
  o.set("delivered", static_cast<std::int64_t>(delivered_));
  o.set("refused", refused_);
  o.set("received", static_cast<std::int64_t>(received_pdus_));
  o.set("requests_open", static_cast<std::int64_t>(open_.size()));
  std::string waits;
  if (waiting == 0) waits = "nothing";
  else if (probing_) waits = "whether the server takes an empty transaction, after: " + refusal_;
  else if (in_flight_request_ != 0) waits = "the answer to transaction " + destination_.transaction_id;
  else if (destination_.retry_at_ts > now)
    waits = "the next attempt in " + std::to_string((destination_.retry_at_ts - now) / 1000) + " s, after " +
            std::to_string(destination_.failures) + " failures: " + destination_.last_fault;
  else waits = "its turn";
  o.set("waits_for", waits);
  if (const auto* oldest = !in_flight_.empty() ? &in_flight_.front() : !pdus_.empty() ? &pdus_.front() : nullptr) {
    o.set("oldest_event", oldest->event->event_id);
    o.set("oldest_age_ms", now - std::clamp<time_ms>(oldest->event->origin_server_ts, 0, now));
  }
  return matrix::json::canonical(o);
}

} // namespace causeway::remote_server
