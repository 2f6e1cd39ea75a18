// A server that was away for long and has much to catch up on gets the newest event of each room first: it sees every room as it is now and can fetch
// what it misses, while the rest follows in order. What is written meanwhile does not wait behind the rest.
#include "actors/remote_server/remote_server_machine.hpp"

#include "messages/limits.hpp"

#include <algorithm>
#include <set>

namespace causeway::remote_server {
namespace {

/// Rooms whose newest event goes first.
constexpr std::size_t rooms_max = 1'000;
/// Of a transaction, for what is written while the rest is on its way.
constexpr std::size_t fresh_per_transaction_max = limits::pdus_per_transaction_max / 2;

} // namespace

void remote_server_machine::consider_catch_up(time_ms failing_since) {
  const auto& o = node_.federation;
  if (out_.now() - failing_since < o.catch_up_after_ms || (!more_in_store_ && pdus_.size() < o.catch_up_pdus_min))
    return;
  catching_up_ = true;
  if (more_in_store_) {
    catch_up_token_ = out_.next_token();
    out_.ask(catch_up_token_, store::load_destination{server_name_, rooms_max, true});
    return;
  }
  std::set<std::string> rooms;
  std::vector<queued> newest;
  for (auto q = pdus_.rbegin(); q != pdus_.rend() && newest.size() < rooms_max; ++q)
    if (rooms.insert(q->event->room_id).second) newest.push_back(*q);
  send_first(std::move(newest));
}

void remote_server_machine::newest_found(const store::destination_loaded* found) {
  catch_up_token_ = 0;
  if (found) {
    std::vector<queued> newest;
    for (const auto& e : found->pdus) newest.push_back(read_back(e, *found));
    send_first(std::move(newest));
  }
  consider_sending(); // a busy store: then all goes in order
}

void remote_server_machine::send_first(std::vector<queued> newest) {
  std::unordered_set<std::string> ids;
  for (const auto& q : newest) ids.insert(q.event->event_id);
  for (const auto& q : first_) ids.erase(q.event->event_id); // queued while the store was asked
  std::deque<queued> chosen, rest;
  for (auto& q : pdus_) (ids.erase(q.event->event_id) > 0 ? chosen : rest).push_back(std::move(q));
  for (auto& q : newest)
    if (ids.contains(q.event->event_id) && queued_ids_.insert(q.event->event_id).second) chosen.push_back(std::move(q));
  pdus_ = std::move(rest);
  newest_left_ = chosen.size();
  first_.insert(first_.begin(), std::make_move_iterator(chosen.begin()), std::make_move_iterator(chosen.end()));
  if (newest_left_ > 0)
    out_.log(log_level::info, "server catches up, newest events first",
             {{"server", server_name_}, {"rooms", std::to_string(newest_left_)}});
}

bool remote_server_machine::enqueue_fresh(const queued& q) {
  if (!catching_up_) return false;
  if (first_.size() >= node_.federation.queue_memory_pdus_max) {
    catching_up_ = false; // from here on everything waits in the store, or one event would overtake the one before it
    return false;
  }
  queued_ids_.insert(q.event->event_id);
  first_.push_back(q);
  return true;
}

void remote_server_machine::fill_transaction() {
  std::size_t bytes = 0;
  in_flight_texts_.clear();
  auto take = [&](std::deque<queued>& from, std::size_t at_most) {
    while (!from.empty() && at_most-- > 0 && in_flight_.size() < pdus_at_once_) {
      auto text = from.front().event->to_json();
      bytes += text.size();
      if (!in_flight_.empty() && bytes > limits::sent_pdus_bytes_max) return;
      in_flight_texts_.push_back(std::move(text));
      in_flight_.push_back(std::move(from.front()));
      from.pop_front();
    }
  };
  if (newest_left_ > 0) {
    // Alone: an older event of the same room beside it would be asked for before it is read.
    take(first_, newest_left_);
    newest_left_ -= in_flight_.size();
    return;
  }
  take(first_, pdus_.empty() ? limits::pdus_per_transaction_max : fresh_per_transaction_max);
  take(pdus_, limits::pdus_per_transaction_max);
  if (first_.empty() && pdus_.empty() && !more_in_store_) catching_up_ = false;
}

} // namespace causeway::remote_server
