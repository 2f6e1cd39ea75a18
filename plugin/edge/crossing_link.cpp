#include "plugin/edge/crossing_link.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace causeway::edge {
namespace {

constexpr std::int64_t never_ms = std::numeric_limits<std::int64_t>::max();

} // namespace

crossing_link::crossing_link(std::int64_t self, std::int64_t peer, const bounds& most, std::int64_t now_ms)
    : self_(self), peer_(peer), bounds_(most), greet_at_ms_(now_ms) {
  begin(1);
}

/// Nothing is under way, and nothing has come.
void crossing_link::begin(std::uint64_t generation) {
  generation_ = generation;
  is_confirmed_ = false;
  kept_.clear();
  kept_bytes_ = under_way_bytes_ = 0;
  first_ = next_to_send_ = 1;
  resend_ms_ = bounds_.resend_ms;
  received_ = gap_told_ = owed_parcels_ = 0;
  owed_bytes_ = 0;
  owes_word_ = owes_gap_ = false;
  oldest_mark_ = newest_mark_ = {};
  settled_ = 0;
}

crossing_link::outcome crossing_link::send(parcel_ptr x, std::int64_t now_ms) {
  const auto bytes = x->bytes();
  if (!kept_.empty() && kept_bytes_ + bytes > bounds_.kept_bytes_max) {
    begin(generation_ + 1);
    greet_at_ms_ = now_ms;
    return outcome::ended;
  }
  kept_bytes_ += bytes;
  kept_.push_back(std::move(x));
  return outcome::goes_on;
}

crossing_link::outcome crossing_link::on_frame(const link_frame& x, std::vector<parcel_ptr>& out, std::int64_t now_ms) {
  if (x.from != peer_ || x.to != self_) return outcome::goes_on;
  if (x.generation < generation_) { // it has not heard of this one
    owes_word_ = true;
    return outcome::goes_on;
  }
  const bool is_new = x.generation > generation_;
  if (is_new) begin(x.generation);
  is_confirmed_ = true;
  if (x.asks) owes_word_ = true;
  acknowledge_to(x.received, now_ms);
  if (x.has_gap && x.received + 1 == first_) send_again();
  if (x.number != 0 && x.what) take(x, out, now_ms);
  if (x.received > newest_mark_.acknowledged && x.received < next_number()) newest_mark_ = {x.received, x.last};
  settle();
  return is_new ? outcome::ended : outcome::goes_on;
}

void crossing_link::acknowledge_to(std::uint64_t number, std::int64_t now_ms) {
  if (number < first_ || number - first_ >= kept_.size()) return;
  for (; first_ <= number; ++first_) {
    const auto bytes = kept_.front()->bytes();
    kept_bytes_ -= bytes;
    if (first_ < next_to_send_) under_way_bytes_ -= bytes;
    kept_.pop_front();
  }
  next_to_send_ = std::max(next_to_send_, first_);
  resend_ms_ = bounds_.resend_ms;
  resend_at_ms_ = now_ms + patience_ms();
}

void crossing_link::take(const link_frame& x, std::vector<parcel_ptr>& out, std::int64_t now_ms) {
  if (x.number <= received_) { // again: the acknowledgement was lost
    owes_word_ = true;
    return;
  }
  if (x.number > received_ + 1) {
    if (std::exchange(gap_told_, received_ + 1) != received_ + 1) owes_gap_ = true;
    return;
  }
  received_ = x.number;
  owes_gap_ = false;
  if (owed_parcels_ == 0) acknowledge_at_ms_ = now_ms + bounds_.acknowledge_ms;
  ++owed_parcels_;
  owed_bytes_ += x.what->bytes();
  if (owed_parcels_ >= bounds_.acknowledge_parcels || owed_bytes_ >= bounds_.acknowledge_bytes) owes_word_ = true;
  out.push_back(x.what);
}

void crossing_link::settle() {
  if (oldest_mark_.acknowledged <= settled_) oldest_mark_ = newest_mark_;
  for (const auto* each : {&oldest_mark_, &newest_mark_})
    if (each->acknowledged > settled_ && received_ >= each->last) settled_ = each->acknowledged;
}

void crossing_link::on_connected() {
  send_again();
  owes_word_ = true;
}

void crossing_link::send_again() {
  next_to_send_ = first_;
  under_way_bytes_ = 0;
}

/// How long an acknowledgement may take.
std::int64_t crossing_link::patience_ms() const {
  return resend_ms_ + static_cast<std::int64_t>(under_way_bytes_ / bounds_.resend_bytes_per_ms);
}

void crossing_link::tick(std::int64_t now_ms) {
  if (next_to_send_ != first_ && now_ms >= resend_at_ms_) {
    resend_ms_ = std::min(2 * resend_ms_, bounds_.resend_ms_max);
    send_again();
  }
  if (owed_parcels_ != 0 && now_ms >= acknowledge_at_ms_) owes_word_ = true;
  if (!is_confirmed_ && now_ms >= greet_at_ms_) {
    greet_at_ms_ = now_ms + bounds_.greet_ms;
    owes_word_ = true;
  }
}

bool crossing_link::may_send() const {
  if (next_to_send_ - first_ >= kept_.size()) return false;
  return under_way_bytes_ == 0 || under_way_bytes_ + kept_[next_to_send_ - first_]->bytes() <= bounds_.window_bytes;
}

std::optional<link_frame> crossing_link::next_frame(std::int64_t now_ms) {
  tick(now_ms);
  if (!may_send() && !owes_word_ && !owes_gap_) return {};
  // Each frame acknowledges what has come.
  link_frame x{self_, peer_, generation_, received_, next_number() - 1, owes_gap_, !is_confirmed_, 0, nullptr};
  owed_parcels_ = 0;
  owed_bytes_ = 0;
  owes_word_ = owes_gap_ = false;
  if (!may_send()) return x;
  x.number = next_to_send_;
  x.what = kept_[next_to_send_ - first_];
  under_way_bytes_ += x.what->bytes();
  if (next_to_send_++ == first_) resend_at_ms_ = now_ms + patience_ms();
  return x;
}

std::int64_t crossing_link::due() const {
  auto at = next_to_send_ != first_ ? resend_at_ms_ : never_ms;
  if (owed_parcels_ != 0 && !owes_word_) at = std::min(at, acknowledge_at_ms_);
  if (!is_confirmed_) at = std::min(at, greet_at_ms_);
  return at;
}

} // namespace causeway::edge
