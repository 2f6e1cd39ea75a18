// What is owed to the server: one transaction in flight, its id and body on disk before the first attempt, the same id until
// it is answered with 200. PDUs are never dropped; what the server refuses for good is set aside (refused.cpp).
// Source: server-server-api, "Transactions".
#include "actors/due.hpp"
#include "actors/excerpt.hpp"
#include "actors/remote_server/answer_check.hpp"
#include "actors/remote_server/back_off.hpp"
#include "actors/remote_server/remote_server_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::remote_server {
namespace {

/// Of others the chat server is not told what becomes of them.
bool is_message(const matrix::event& x) { return x.type == "m.room.message"; }

} // namespace

void remote_server_machine::enqueue(const pdu_queued& m) {
  if (queued_ids_.contains(m.event->event_id)) return;
  if (enqueue_fresh({m.event, m.chat_room_id, m.chat_message_id})) return consider_sending();
  if (more_in_store_ || pdus_.size() >= node_.federation.queue_memory_pdus_max) {
    more_in_store_ = true;                        // it is in the store; it is read when its turn comes
    missed_while_refilling_ = refill_token_ != 0; // the answer under way may be from before it
    return;
  }
  queued_ids_.insert(m.event->event_id);
  pdus_.push_back({m.event, m.chat_room_id, m.chat_message_id});
  consider_sending();
}

remote_server_machine::queued remote_server_machine::read_back(const matrix::event_ptr& e,
                                                               const store::destination_loaded& from) {
  const auto named = from.names_of.find(e->event_id);
  return named == from.names_of.end() ? queued{e, {}, {}}
                                      : queued{e, named->second.chat_room_id, named->second.chat_message_id};
}

void remote_server_machine::refill() {
  if (!more_in_store_ || refill_token_ != 0) return;
  refill_token_ = out_.next_token();
  missed_while_refilling_ = false;
  out_.ask(refill_token_, store::load_destination{server_name_, node_.federation.queue_memory_pdus_max});
}

void remote_server_machine::consider_sending(bool refilled) {
  if (in_flight_request_ != 0 || refill_token_ != 0 || catch_up_token_ != 0) return;
  const bool repeating = !destination_.transaction_id.empty();
  if (!is_due(edus_refused_until_, out_.now(), refused_edus_pause_ms)) edus_.clear();
  if (!repeating && pdus_.empty() && more_in_store_ && newest_left_ == 0 && !refilled) return refill();
  if (!repeating && pdus_.empty() && first_.empty() && edus_.empty()) return;
  if (!is_due(destination_.retry_at_ts, out_.now(), back_off_max(node_.federation))) {
    if (pdus_.empty() && first_.empty() && in_flight_.empty() && !repeating)
      edus_.clear(); // an EDU is not worth waking a server that is down
    out_.wake_at(destination_.retry_at_ts, "send");
    return;
  }
  if (!repeating) {
    fill_transaction();
    destination_.transaction_id = next_transaction_id();
    destination_.transaction_ts = out_.now();
    destination_.transaction_pdus.clear();
    for (const auto& q : in_flight_) destination_.transaction_pdus.push_back(q.event->event_id);
    destination_.transaction_edus.clear();
    while (!edus_.empty() && destination_.transaction_edus.size() < limits::edus_per_transaction_max) {
      std::string text = "{\"content\":" + edus_.front().content + ",\"edu_type\":";
      matrix::json::write_string(text, edus_.front().edu_type);
      text += '}';
      destination_.transaction_edus.push_back(std::move(text));
      edus_.pop_front();
    }
    // A transaction of nothing but EDUs is repeated from memory only: losing it in a crash loses nothing that was promised.
    if (!in_flight_.empty()) out_.write(destination_);
  }
  send_transaction();
}

void remote_server_machine::send_transaction() {
  if (in_flight_texts_.empty())
    for (const auto& q : in_flight_) in_flight_texts_.push_back(q.event->to_json());
  const std::vector<std::string_view> pdus(in_flight_texts_.begin(), in_flight_texts_.end());
  const std::vector<std::string_view> edus(destination_.transaction_edus.begin(), destination_.transaction_edus.end());
  auto body = matrix::write_transaction(node_.server_name, destination_.transaction_ts, pdus, edus);
  in_flight_request_ = request(open_request::kind::transaction, matrix::endpoint::send, {destination_.transaction_id},
                               {}, std::move(body), node_.federation.send_timeout_ms, 1024 * 1024);
}

void remote_server_machine::transaction_answered(const gateway::http_answer& a) {
  in_flight_request_ = 0;
  const auto wanted = wants_pause_ms(a);
  not_before_ = wanted > 0 ? out_.now() + wanted : 0;
  if (std::exchange(probing_, false)) return probe_answered(a);
  if (a.status == 200) return transaction_delivered(a);
  if (may_be_about_content(a.status)) return transaction_refused(a);
  transaction_failed(describe_failure(a));
}

void remote_server_machine::split_transaction() {
  pdus_at_once_ = std::max<std::size_t>(1, in_flight_.size() / 2);
  out_.log(log_level::warning, "transaction refused as a whole: in smaller ones",
           {{"server", server_name_},
            {"pdus", std::to_string(in_flight_.size())},
            {"at_once", std::to_string(pdus_at_once_)}});
  if (newest_left_ > 0 || catching_up_)
    newest_left_ = 0; // order within the rooms counts for more than the newest first
  first_.insert(first_.begin(), std::make_move_iterator(in_flight_.begin()), std::make_move_iterator(in_flight_.end()));
  in_flight_.clear();
  in_flight_texts_.clear();
  destination_.transaction_id.clear();
  destination_.transaction_pdus.clear();
  destination_.transaction_edus.clear();
  out_.write(destination_);
}

void remote_server_machine::log_verdicts(const gateway::http_answer& a, std::map<std::string, std::string>& refused) {
  const auto body = matrix::json::parse(a.body);
  if (!body || !body->as_object()) return;
  const auto* verdicts = body->find_object("pdus");
  if (!verdicts) verdicts = body->as_object(); // as ejabberd answers
  for (const auto& v : *verdicts)
    if (const auto* error = v.mapped.find_string("error"); error && refused.emplace(v.key, excerpt(*error, 200)).second)
      out_.log(log_level::warning, "event refused by server",
               {{"server", server_name_}, {"event", v.key}, {"error", refused.at(v.key)}});
}

void remote_server_machine::transaction_delivered(const gateway::http_answer& a) {
  std::map<std::string, std::string> refused; // event id -> why
  log_verdicts(a, refused);
  const bool was_failing = destination_.failures > 0;
  bool end_is_told = false; // of an outage: by one message, that of which the beginning was told
  for (const auto& q : in_flight_) {
    const auto& e = *q.event;
    const auto error = refused.find(e.event_id);
    if (error != refused.end()) {
      if (tells_delivery(true)) tell_delivery(q, "failed", error->second);
      continue;
    }
    if (is_message(e) && (tells_delivery(false) || (tells_delivery(was_failing) && !end_is_told))) {
      tell_delivery(q, "delivered", {});
      end_is_told = true;
    }
    if (e.type == "m.room.member" && e.membership() == "leave" && e.sender != *e.state_key &&
        matrix::server_name_of(*e.state_key) == server_name_)
      out_.send({actor_kind::invitation, e.room_id + "|" + *e.state_key},
                rescission_delivered{e.event_id, e.auth_events});
  }
  delivered_ += in_flight_.size();
  pdus_at_once_ = std::min(pdus_at_once_ * 2, limits::pdus_per_transaction_max);
  end_transaction_under_way();
}

void remote_server_machine::end_transaction_under_way() {
  const bool was_failing = destination_.failures > 0;
  if (was_failing && !is_refused_)
    out_.log(log_level::info, "server reachable again",
             {{"server", server_name_}, {"failures", std::to_string(destination_.failures)}});
  store::remove_destination_pdus removed{server_name_, {}};
  for (const auto& q : in_flight_) {
    removed.event_ids.push_back(q.event->event_id);
    queued_ids_.erase(q.event->event_id);
  }
  if (!removed.event_ids.empty()) out_.write(std::move(removed));
  const bool on_disk = !destination_.transaction_pdus.empty() || was_failing;
  const auto failing_since = destination_.first_failure_ts;
  in_flight_.clear();
  in_flight_texts_.clear();
  refusals_.reset();
  is_refused_ = false;
  destination_ = {};
  destination_.server_name = server_name_;
  if (on_disk) out_.write(destination_);
  if (was_failing) consider_catch_up(failing_since);
  consider_sending();
  consider_held_invites();
}

void remote_server_machine::transaction_failed(const std::string& why) {
  is_refused_ = false;
  const auto since = destination_.failures == 0 ? out_.now() : destination_.first_failure_ts;
  transaction_failed(why, back_off(node_.federation, destination_.failures + 1, since, out_.now(), server_name_));
}

void remote_server_machine::transaction_failed(const std::string& why, time_ms pause_ms) {
  failed_at_ = out_.now();
  if (destination_.failures++ == 0) {
    destination_.first_failure_ts = out_.now();
    out_.log(log_level::warning, "server does not take transactions", {{"server", server_name_}, {"why", why}});
    // Once per outage, of the first message that waits: whatever is sent there after it waits as well.
    const auto first =
      std::find_if(in_flight_.begin(), in_flight_.end(), [](const auto& q) { return is_message(*q.event); });
    if (tells_delivery(true) && first != in_flight_.end()) tell_delivery(*first, "delayed", why);
  }
  destination_.last_fault = excerpt(why, 500);
  destination_.retry_at_ts = std::max(out_.now() + pause_ms, not_before_);
  if (in_flight_.empty()) { // EDUs only: not repeated
    destination_.transaction_id.clear();
    destination_.transaction_edus.clear();
  }
  out_.write(destination_);
  out_.wake_at(destination_.retry_at_ts, "send");
  send_held_invites(
    held_invites_
      .give_up()); // their own attempt finds out whether the server is there, and may take what transactions cannot bring
}

void remote_server_machine::sign_of_life() {
  keys_failures_ = 0;
  // What it does not want it does not want a moment later either.
  if (destination_.retry_at_ts == 0 || in_flight_request_ != 0 || is_refused_) return;
  const auto earliest = earliest_attempt();
  destination_.retry_at_ts = earliest == 0 ? 0 : std::min(destination_.retry_at_ts, earliest);
  consider_sending();
}

time_ms remote_server_machine::earliest_attempt() const {
  // Never sooner than after the shortest pause: a server that asks us a hundred times a second and cannot be reached would be tried as often.
  const auto pause = time_ms{node_.federation.retry_delay_ms_min};
  const auto earliest = std::max(not_before_, is_within(failed_at_, pause, out_.now()) ? failed_at_ + pause : 0);
  return is_due(earliest, out_.now(), back_off_max(node_.federation)) ? 0 : earliest;
}

void remote_server_machine::retry_at_once() {
  keys_failures_ = 0;
  if (destination_.retry_at_ts == 0 || in_flight_request_ != 0) return;
  destination_.retry_at_ts = 0;
  consider_sending();
}

bool remote_server_machine::has_backlog() const {
  return !pdus_.empty() || !first_.empty() || !in_flight_.empty() || more_in_store_;
}

void remote_server_machine::hold_invite(const peer_request& m) {
  const auto ahead = more_in_store_ ? held_invites::all_queued : pdus_.size() + first_.size() + in_flight_.size();
  held_invites_.hold(m, delivered_, ahead, out_.now() + node_.invitation.queue_wait_ms);
  out_.wake_at(held_invites_.deadline(), "invites");
  if (destination_.retry_at_ts <= out_.now() || in_flight_request_ != 0) return;
  // A server that is left alone is tried now, with what waits for it first, unless it has asked to be, or was tried a moment ago.
  destination_.retry_at_ts = std::min(destination_.retry_at_ts, earliest_attempt());
  consider_sending();
}

void remote_server_machine::send_held_invites(const std::vector<peer_request>& due) {
  for (const auto& m : due) send_peer_request(m, false);
}

void remote_server_machine::consider_held_invites() {
  if (held_invites_.empty()) return;
  send_held_invites(held_invites_.due(delivered_, !has_backlog(), out_.now()));
  out_.wake_at(held_invites_.deadline(), "invites"); // 0: none waits any more
}

bool remote_server_machine::tells_delivery(bool was_failing) const {
  using config::delivery_detail;
  const auto wanted = node_.federation.delivery_notifications;
  return wanted == delivery_detail::all || (was_failing && wanted == delivery_detail::delayed);
}

void remote_server_machine::tell_delivery(const queued& q, const char* state, const std::string& why) {
  if (!is_message(*q.event)) return;
  out_.write(store::append_delivery{
    node_.stream_of(q.event->room_id),
    {q.chat_room_id, q.event->room_id, q.chat_message_id, q.event->event_id, server_name_, state, why, out_.now()}});
}

} // namespace causeway::remote_server
