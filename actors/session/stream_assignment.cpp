#include "actors/session/stream_assignment.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace causeway::session {

std::size_t stream_assignment::load_of(const connection_key& key) const {
  return static_cast<std::size_t>(std::ranges::count_if(
    streams_, [&](const outbox_stream& s) { return (s.next_owner ? s.next_owner : s.owner) == key; }));
}

void stream_assignment::take(outbox_stream& s, time_ms now) {
  left_flight(s, s.rewind(now));
  s.owner.reset();
}

void stream_assignment::take_all_of(const connection_key& key, time_ms now) {
  for (auto& s : streams_) {
    if (s.owner == key) take(s, now);
    if (s.next_owner == key) s.next_owner.reset();
  }
}

void stream_assignment::left_flight(const outbox_stream& s, std::size_t count) {
  if (auto* c = s.owner ? connections_.find(*s.owner) : nullptr) c->in_flight -= count;
}

void stream_assignment::assign() {
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    auto& s = streams_[i];
    if (s.owner) continue;
    const connection* best = nullptr;
    std::size_t best_load = 0;
    for (const auto& [key, c] : connections_) {
      if (!c.wanted.contains(i)) continue;
      const auto load = load_of(key);
      // Who cannot be sent anything comes last.
      if (best != nullptr &&
          std::tuple{!best->has_credit(), best_load, best->order} < std::tuple{!c.has_credit(), load, c.order})
        continue;
      best = &c;
      best_load = load;
    }
    if (best == nullptr) continue;
    s.owner = key_of(best->who);
    s.next_owner.reset();
  }
}

void stream_assignment::balance() {
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    auto& s = streams_[i];
    if (!s.owner || s.next_owner) continue;
    for (const auto& [key, c] : connections_) {
      // A difference of one is as even as it gets.
      if (key == *s.owner || !c.wanted.contains(i) || !c.has_credit() || load_of(key) + 1 >= load_of(*s.owner))
        continue;
      s.next_owner = key;
      break;
    }
  }
}

std::optional<connection_key> stream_assignment::hand_over_next(time_ms now) {
  for (auto& s : streams_) {
    if (!s.next_owner || s.in_flight() > 0 || s.seeking) continue;
    auto to = *s.next_owner;
    take(s, now);
    s.owner = to;
    s.next_owner.reset();
    return to;
  }
  return {};
}

bool stream_assignment::is_starved(const outbox_stream& s, time_ms now) const {
  const auto* c = s.owner ? connections_.find(*s.owner) : nullptr;
  if (c == nullptr || s.next_owner || s.seeking || s.in_flight() > 0 || now < s.paused_until || !s.has_more())
    return false;
  return !c->has_credit() || s.front_bytes() > c->bytes;
}

bool stream_assignment::has_starved(time_ms now) const {
  return connections_.size() >= 2 && std::ranges::any_of(streams_, [&](const auto& s) { return is_starved(s, now); });
}

bool stream_assignment::feed_starved(time_ms now) {
  bool fed = false;
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    auto& s = streams_[i];
    if (!is_starved(s, now)) continue;
    const connection* best = nullptr;
    std::size_t best_load = 0;
    for (const auto& [key, c] : connections_) {
      if (key == *s.owner || !c.wanted.contains(i) || !c.has_credit() || s.front_bytes() > c.bytes) continue;
      const auto load = load_of(key);
      if (best != nullptr && std::pair{best_load, best->order} < std::pair{load, c.order}) continue;
      best = &c;
      best_load = load;
    }
    if (best == nullptr) continue;
    // Nothing of it is on its way to the other: that is what makes this safe.
    take(s, now);
    s.owner = key_of(best->who);
    fed = true;
  }
  return fed;
}

} // namespace causeway::session
