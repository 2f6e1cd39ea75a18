#include "actors/bulk_pace.hpp"

#include <algorithm>
#include <iterator>

namespace causeway {

void bulk_pace::put(routed m, time_point last_active) {
  const auto [it, is_new] = entries_.try_emplace(m.key);
  auto& x = it->second;
  if (is_new) {
    x.arrived = ++last_arrived_;
    x.last_active = last_active;
    by_arrival_.emplace(x.arrived, &*it);
    by_activity_.emplace(std::pair{-last_active.time_since_epoch(), x.arrived}, &*it);
  }
  x.messages.push_back(std::move(m));
  ++messages_;
}

std::deque<routed> bulk_pace::take(const std::string& key) {
  const auto it = entries_.find(key);
  return it == entries_.end() ? std::deque<routed>{} : remove(it);
}

std::vector<routed> bulk_pace::due(time_point now) {
  refill(now);
  std::vector<routed> out;
  while (!entries_.empty() && (tokens_ >= 1 || messages_ > bounds_.messages_max)) {
    auto messages = remove(next_turn());
    std::move(messages.begin(), messages.end(), std::back_inserter(out));
    tokens_ = std::max(0.0, tokens_ - 1);
  }
  return out;
}

std::optional<bulk_pace::time_point> bulk_pace::next(time_point now) const {
  if (entries_.empty()) return {};
  if (tokens_ >= 1 || messages_ > bounds_.messages_max) return now;
  const auto missing = std::chrono::duration<double>((1 - tokens_) / bounds_.per_second);
  return refilled_ + std::max(together, std::chrono::ceil<std::chrono::milliseconds>(missing));
}

void bulk_pace::refill(time_point now) {
  const auto passed = std::chrono::duration<double>(now - refilled_).count();
  if (passed <= 0) return;
  tokens_ = std::min<double>(bounds_.burst, tokens_ + passed * bounds_.per_second);
  refilled_ = now;
}

bulk_pace::entries::iterator bulk_pace::next_turn() {
  const bool longest = ++turns_ % waited_longest_every == 0;
  return entries_.find((longest ? by_arrival_.begin()->second : by_activity_.begin()->second)->first);
}

std::deque<routed> bulk_pace::remove(entries::iterator it) {
  const auto& x = it->second;
  by_arrival_.erase(x.arrived);
  by_activity_.erase({-x.last_active.time_since_epoch(), x.arrived});
  auto out = std::move(it->second.messages);
  messages_ -= out.size();
  entries_.erase(it);
  return out;
}

} // namespace causeway
