#include "actors/session/outbox_stream.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace causeway::session {

/// Rows in memory below which the next read is worth its while.
constexpr std::size_t buffered_low = 128;

void outbox_stream::load(std::int64_t acknowledged, std::int64_t head) {
  acked_ = delivered_ = sent_to_ = fetched_to_ = acknowledged;
  head_ = std::max(head, acknowledged);
}

void outbox_stream::grow(std::int64_t new_head) { head_ = std::max(head_, new_head); }

void outbox_stream::fetched(std::vector<store::outbox_row> rows, std::int64_t head) {
  grow(head);
  if (rows.empty()) fetched_to_ = std::max(fetched_to_, head);
  for (auto& row : rows) {
    if (row.cursor <= fetched_to_) continue;
    fetched_to_ = row.cursor;
    buffer_.push_back(std::move(row));
  }
}

void outbox_stream::appended(std::vector<store::outbox_row> rows) {
  if (!owner || seeking || rows.empty() || buffer_.size() >= buffered_low) return;
  if (rows.front().cursor > fetched_to_ + 1) return; // something before them is not here
  const auto last = rows.back().cursor;
  fetched(std::move(rows), last);
}

bool outbox_stream::wants_rows() const {
  return reading == 0 && !seeking && fetched_to_ < head_ && buffer_.size() < buffered_low;
}

const store::outbox_row* outbox_stream::next() {
  while (!buffer_.empty() && dead_.contains(buffer_.front().cursor)) {
    const auto cursor = buffer_.front().cursor;
    buffer_.pop_front();
    sent_to_ = cursor;
    delivered_ = std::max(delivered_, cursor);
    skip_dead_letters();
  }
  return buffer_.empty() ? nullptr : &buffer_.front();
}

std::string outbox_stream::sent_next(sent_row row) {
  if (unacknowledged_since_ == 0) unacknowledged_since_ = row.sent_at - std::exchange(silent_for_, 0);
  sent_to_ = row.cursor;
  delivered_ = std::max(delivered_, row.cursor);
  sent_.push_back(std::move(row));
  auto body = std::move(buffer_.front().body);
  buffer_.pop_front();
  return body;
}

std::size_t outbox_stream::acknowledge(std::int64_t cursor, time_ms now) {
  std::size_t left = 0;
  while (!sent_.empty() && sent_.front().cursor <= cursor) {
    sent_.pop_front();
    ++left;
  }
  const auto before = std::exchange(acked_, std::max(acked_, cursor));
  skip_dead_letters();
  if (left > 0 || acked_ != before) progress(now); // of what was sought back nothing is acknowledged anew
  if (refused_cursor <= acked_) refusals = 0;
  return left;
}

std::size_t outbox_stream::give_up(std::int64_t cursor, time_ms now) {
  if (cursor > acked_) dead_.insert(cursor);
  const auto before = sent_.size();
  std::erase_if(sent_, [&](const sent_row& row) { return row.cursor == cursor; });
  skip_dead_letters();
  progress(now);
  return before - sent_.size();
}

void outbox_stream::progress(time_ms now) {
  unacknowledged_since_ = sent_.empty() ? 0 : std::max(now, sent_.front().sent_at);
  silent_for_ = 0;
}

void outbox_stream::skip_dead_letters() {
  // Whatever is below the front was acknowledged or given up, so the acknowledgement may move over the given up ones
  // there.
  const auto front = sent_.empty() ? sent_to_ + 1 : sent_.front().cursor;
  const auto end = dead_.lower_bound(front);
  if (end != dead_.begin()) acked_ = std::max(acked_, *std::prev(end));
  dead_.erase(dead_.begin(), dead_.upper_bound(acked_));
}

std::size_t outbox_stream::step_back(std::int64_t cursor) {
  const auto before = sent_.size();
  std::erase_if(sent_, [&](const sent_row& row) { return row.cursor >= cursor; });
  buffer_.clear();
  reading = 0;
  sent_to_ = fetched_to_ = cursor - 1;
  delivered_ = std::max(acked_, cursor - 1);
  return before - sent_.size();
}

std::size_t outbox_stream::rewind(time_ms now) {
  const bool owes = !sent_.empty() && sent_.back().cursor > acked_;
  const auto silent = owes ? std::max<time_ms>(0, now - unacknowledged_since_) : silent_for_;
  const auto left = seek(acked_);
  silent_for_ = silent;
  seeking = false;
  paused_until = 0;
  return left;
}

std::size_t outbox_stream::seek(std::int64_t cursor) {
  const auto left = sent_.size();
  unacknowledged_since_ = silent_for_ = 0;
  sent_.clear();
  buffer_.clear();
  reading = 0;
  sent_to_ = fetched_to_ = cursor;
  delivered_ = std::max(delivered_, cursor);
  return left;
}

bool outbox_stream::is_in_flight(std::int64_t cursor) const {
  return std::ranges::binary_search(sent_, cursor, {}, &sent_row::cursor);
}

const outbox_stream::sent_row& outbox_stream::in_flight_at(std::int64_t cursor) const {
  return *std::ranges::lower_bound(sent_, cursor, {}, &sent_row::cursor);
}

std::unordered_map<std::string, std::string> outbox_stream::rooms_in_flight(std::int64_t up_to) const {
  std::unordered_map<std::string, std::string> rooms;
  for (const auto& row : sent_) {
    if (row.cursor > up_to) break;
    if (!row.event_id.empty()) rooms.emplace(row.event_id, row.room_id);
  }
  return rooms;
}

} // namespace causeway::session
