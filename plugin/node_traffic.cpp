#include "plugin/node_traffic.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <utility>

namespace causeway {

namespace {

constexpr std::string_view send_path = "/_matrix/federation/v1/send/";

void add(traffic::count& to, std::uint64_t n = 1) {
  if (n != 0) to.fetch_add(n, std::memory_order_relaxed);
}

std::size_t edu_class(std::string_view edu) {
  // Keys are sorted: what `content` holds stands before the EDU's own type.
  constexpr std::string_view key = "\"edu_type\":\"";
  const auto at = edu.rfind(key);
  const auto type = at == std::string_view::npos ? std::string_view{} : edu.substr(at + key.size());
  for (std::size_t i = 0; i + 1 < traffic::edu_types.size(); ++i)
    if (type.starts_with(traffic::edu_types[i]) && type.substr(traffic::edu_types[i].size()).starts_with('"')) return i;
  return traffic::edu_types.size() - 1;
}

} // namespace

traffic::traffic(std::string own_server, const std::vector<std::string>& nominated)
    : own_server_(std::move(own_server)) {
  for (const auto& x : nominated) nominated_[x].server_name = x;
}

traffic::weight traffic::weigh(const store::store_batch& batch) {
  weight out;
  bool is_owed_later = false;
  for (const auto& w : batch.writes) {
    if (const auto* event = std::get_if<store::put_event>(&w)) {
      using enum store::verdict;
      if (event->judged == accepted && event->position > 0) {
        ++out.accepted;
        if (event->event && out.authored_ts == 0 && matrix::server_name_of(event->event->sender) == own_server_)
          out.authored_ts = event->event->origin_server_ts;
      }
      out.soft_failed += event->judged == soft_failed ? 1 : 0;
      out.rejected += event->judged == rejected ? 1 : 0;
    } else if (std::holds_alternative<store::queue_pdu>(w)) {
      ++out.queued;
    } else if (std::holds_alternative<store::put_fan_out>(w)) {
      is_owed_later = true; // counted with the rows of its servers
    } else if (std::holds_alternative<store::append_outbox>(w)) {
      ++out.notified;
    } else if (const auto* row = std::get_if<store::put_destination>(&w)) {
      note_transaction(*row);
    } else if (const auto* staged = std::get_if<store::put_inbox>(&w)) {
      note_staged(*staged);
    } else if (const auto* gone = std::get_if<store::remove_inbox>(&w)) {
      note_removed(*gone);
    }
  }
  out.is_authored = (out.queued > 0 || is_owed_later) && out.authored_ts > 0;
  return out;
}

void traffic::committed(const weight& x, std::int64_t now_ms) {
  add(counts_.events_accepted, x.accepted);
  add(counts_.events_soft_failed, x.soft_failed);
  add(counts_.events_rejected, x.rejected);
  add(counts_.notifications, x.notified);
  add(counts_.pdu_destinations, x.queued);
  if (!x.is_authored) return;
  add(counts_.pdus_queued, std::max<std::uint32_t>(x.accepted, 1));
  counts_.send_lag.add(now_ms - x.authored_ts);
}

void traffic::note_transaction(const store::put_destination& x) {
  const std::lock_guard guard(mutex_);
  if (x.transaction_id.empty()) {
    in_flight_.erase(x.server_name);
    return;
  }
  if (in_flight_.size() >= table_max && !in_flight_.contains(x.server_name)) return;
  transaction t;
  t.pdus = x.transaction_pdus.size();
  for (const auto& edu : x.transaction_edus) ++t.edus[edu_class(edu)];
  in_flight_[x.server_name] = t;
}

void traffic::note_staged(const store::put_inbox& x) {
  const std::lock_guard guard(mutex_);
  if (staged_.size() < table_max) staged_.emplace(std::pair{x.room_id, x.event_id}, x.received_ts);
}

void traffic::note_removed(const store::remove_inbox& x) {
  const std::lock_guard guard(mutex_);
  for (const auto& id : x.event_ids) staged_.erase({x.room_id, id});
}

void traffic::sent(const gateway::http_request& x) {
  add(counts_.requests_out);
  if (x.method != "PUT" || !x.target.starts_with(send_path)) return;
  add(counts_.transaction_attempts);
  const std::lock_guard guard(mutex_);
  if (open_.size() < table_max) open_[x.server_name] = x.id;
}

void traffic::answered(const std::string& server_name, const gateway::http_answer& x, std::int64_t now_ms) {
  counts_.request_time.add(x.elapsed_ms);
  if (x.status < 200 || x.status > 299) add(counts_.requests_failed);
  const std::lock_guard guard(mutex_);
  const auto open = open_.find(server_name);
  if (open == open_.end() || open->second != x.id) return; // another request than its transaction
  open_.erase(open);
  if (x.status != 200) return;
  add(counts_.transactions);
  const auto of = in_flight_.find(server_name);
  if (of == in_flight_.end()) return;
  for (std::size_t i = 0; i < edu_types.size(); ++i) add(counts_.edus_sent[i], of->second.edus[i]);
  if (of->second.pdus == 0) return;
  if (const auto named = nominated_.find(server_name); named != nominated_.end()) named->second.sent_ts = now_ms;
}

void traffic::replied(int http_status) {
  add(counts_.requests_in);
  if (http_status == 429) add(counts_.requests_limited);
  else if (http_status >= 400) add(counts_.requests_refused);
}

void traffic::passes(const address& to, const message& body, std::int64_t now_ms) {
  if (const auto* share = std::get_if<pdus_received>(&body)) {
    add(counts_.pdus_received, share->pdus ? share->pdus->size() : 0);
    const std::lock_guard guard(mutex_);
    if (shares_.size() < table_max) shares_[{share->origin, share->asked}] = now_ms;
    if (const auto named = nominated_.find(share->origin); named != nominated_.end())
      named->second.received_ts = now_ms;
  } else if (const auto* handled = std::get_if<pdus_handled>(&body)) {
    const std::lock_guard guard(mutex_);
    const auto at = shares_.find({to.key, handled->asked});
    if (at == shares_.end()) return;
    counts_.pdu_handling.add(now_ms - at->second);
    shares_.erase(at);
  } else if (std::holds_alternative<edu_received>(body) || std::holds_alternative<receipts_received>(body)) {
    add(counts_.edus_received);
  } else if (const auto* answer = std::get_if<http_answered>(&body)) {
    answered(to.key, *answer->answer, now_ms);
  }
}

std::vector<traffic::last_seen> traffic::nominated() const {
  const std::lock_guard guard(mutex_);
  std::vector<last_seen> list;
  for (const auto& [name, x] : nominated_) list.push_back(x);
  return list;
}

std::size_t traffic::staged_count() const {
  const std::lock_guard guard(mutex_);
  return staged_.size();
}

std::uint64_t traffic::edus_under_way() const {
  const std::lock_guard guard(mutex_);
  std::uint64_t n = 0;
  for (const auto& [server, x] : in_flight_)
    for (const auto edus : x.edus) n += edus;
  return n;
}

traffic::staging traffic::staged() const {
  const std::lock_guard guard(mutex_);
  staging out;
  out.events = staged_.size();
  for (const auto& [key, ts] : staged_)
    if (out.oldest_ts == 0 || ts < out.oldest_ts) out.oldest_ts = ts;
  return out;
}

} // namespace causeway
