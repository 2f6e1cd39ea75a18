#include "actors/remote_server/pdu_queue.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace causeway::remote_server {
namespace {

/// Of a transaction, for what is written while the rest is on its way.
constexpr std::size_t fresh_per_transaction_max = limits::pdus_per_transaction_max / 2;

queued_pdu read_back(const matrix::event_ptr& e, const store::destination_loaded& from) {
  const auto named = from.names_of.find(e->event_id);
  if (named == from.names_of.end()) return {e};
  return {e, named->second.chat_room_id, named->second.chat_message_id};
}

} // namespace

std::vector<queued_pdu> pdu_queue::load(const store::destination_loaded& from) {
  more_in_store_ = from.more;
  for (const auto& e : from.pdus) {
    ids_.insert(e->event_id);
    in_order_.push_back(read_back(e, from));
  }
  std::vector<queued_pdu> in_flight;
  for (const auto& id : from.destination.transaction_pdus) {
    const auto is_it = [&](const auto& e) { return e->event_id == id; };
    if (auto it = std::find_if(in_order_.begin(), in_order_.end(), [&](const auto& q) { return is_it(q.event); });
        it != in_order_.end()) {
      in_flight.push_back(std::move(*it));
      in_order_.erase(it);
    } else if (auto far = std::find_if(from.in_flight.begin(), from.in_flight.end(), is_it);
               far != from.in_flight.end()) {
      ids_.insert(id);
      in_flight.push_back(read_back(*far, from));
    }
  }
  return in_flight;
}

bool pdu_queue::push(const pdu_queued& m) {
  if (ids_.contains(m.event->event_id)) return false;
  const queued_pdu q{m.event, m.chat_room_id, m.chat_message_id};
  if (push_first(q)) return true;
  if (more_in_store_ || in_order_.size() >= server_.options().queue_memory_pdus_max) {
    more_in_store_ = true;
    missed_while_reading_ = reading_ == reading::next;
    return false;
  }
  ids_.insert(m.event->event_id);
  in_order_.push_back(q);
  return true;
}

bool pdu_queue::push_first(const queued_pdu& q) {
  if (!catching_up_) return false;
  if (first_.size() >= server_.options().queue_memory_pdus_max) {
    catching_up_ = false; // from here on everything waits in the store, or one event would overtake the one before it
    return false;
  }
  ids_.insert(q.event->event_id);
  first_.push_back(q);
  return true;
}

const queued_pdu* pdu_queue::first_message() const {
  for (const auto* queue : {&first_, &in_order_})
    for (const auto& q : *queue)
      if (q.is_message()) return &q;
  return nullptr;
}

pdu_batch pdu_queue::take() {
  pdu_batch batch;
  std::size_t bytes = 0;
  auto take_from = [&](std::deque<queued_pdu>& from, std::size_t at_most) {
    while (!from.empty() && at_most-- > 0 && batch.pdus.size() < at_once_) {
      auto text = from.front().event->to_json();
      bytes += text.size();
      if (!batch.pdus.empty() && bytes > limits::sent_pdus_bytes_max) return;
      batch.texts.push_back(std::move(text));
      batch.pdus.push_back(std::move(from.front()));
      from.pop_front();
    }
  };
  if (newest_left_ > 0) {
    // Alone: an older event of the same room beside it would be asked for before it is read.
    take_from(first_, newest_left_);
    newest_left_ -= batch.pdus.size();
    return batch;
  }
  take_from(first_, in_order_.empty() ? limits::pdus_per_transaction_max : fresh_per_transaction_max);
  take_from(in_order_, limits::pdus_per_transaction_max);
  if (is_empty() && !more_in_store_) catching_up_ = false;
  return batch;
}

void pdu_queue::put_back(pdu_batch batch) {
  at_once_ = std::max<std::size_t>(1, batch.pdus.size() / 2);
  newest_left_ = 0; // order within the rooms counts for more than the newest first
  first_.insert(first_.begin(), std::make_move_iterator(batch.pdus.begin()), std::make_move_iterator(batch.pdus.end()));
}

void pdu_queue::completed(const std::vector<queued_pdu>& pdus) {
  for (const auto& q : pdus) ids_.erase(q.event->event_id);
}

void pdu_queue::refill() {
  if (!more_in_store_ || reading_ == reading::next) return;
  reading_ = reading::next;
  missed_while_reading_ = false;
  store_.ask(refill_question{}, store::load_destination{server_.name, server_.options().queue_memory_pdus_max});
}

pdu_queue::refill_result pdu_queue::refilled(const store::destination_loaded* found) {
  reading_ = reading::nothing;
  if (!found) return refill_result::failed;
  const bool missed = missed_while_reading_; // then the answer is no last word
  more_in_store_ = found->more || missed;
  for (const auto& e : found->pdus)
    if (ids_.insert(e->event_id).second) in_order_.push_back(read_back(e, *found));
  return missed ? refill_result::incomplete : refill_result::complete;
}

void pdu_queue::look_again() {
  more_in_store_ = true;
  refill();
}

void pdu_queue::catch_up(time_ms failing_since) {
  const auto& o = server_.options();
  const bool is_long = out_.now() - failing_since >= o.catch_up_after_ms;
  if (!is_long || (!more_in_store_ && in_order_.size() < o.catch_up_pdus_min)) return;
  catching_up_ = true;
  if (more_in_store_) {
    reading_ = reading::newest;
    store_.ask(catch_up_question{}, store::load_destination{server_.name, rooms_max, true});
    return;
  }
  std::set<std::string> rooms;
  std::vector<queued_pdu> newest;
  for (auto q = in_order_.rbegin(); q != in_order_.rend() && newest.size() < rooms_max; ++q)
    if (rooms.insert(q->event->room_id).second) newest.push_back(*q);
  send_first(std::move(newest));
}

void pdu_queue::newest_found(const store::destination_loaded* found) {
  reading_ = reading::nothing;
  if (!found) return;
  std::vector<queued_pdu> newest;
  for (const auto& e : found->pdus) newest.push_back(read_back(e, *found));
  send_first(std::move(newest));
}

void pdu_queue::send_first(std::vector<queued_pdu> newest) {
  std::unordered_set<std::string> ids;
  for (const auto& q : newest) ids.insert(q.event->event_id);
  for (const auto& q : first_) ids.erase(q.event->event_id); // queued while the store was asked
  std::deque<queued_pdu> chosen, rest;
  for (auto& q : in_order_) (ids.erase(q.event->event_id) > 0 ? chosen : rest).push_back(std::move(q));
  for (auto& q : newest)
    if (ids.contains(q.event->event_id) && ids_.insert(q.event->event_id).second) chosen.push_back(std::move(q));
  in_order_ = std::move(rest);
  newest_left_ = chosen.size();
  first_.insert(first_.begin(), std::make_move_iterator(chosen.begin()), std::make_move_iterator(chosen.end()));
  if (newest_left_ > 0)
    out_.log(log_level::info, "S201 server is back after a long outage; newest events first",
             {{"server", server_.name}, {"rooms", std::to_string(newest_left_)}});
}

} // namespace causeway::remote_server
