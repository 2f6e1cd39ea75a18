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
  return it == entries_.end() ? std::deque<routed>{} : remove(&*it);
}

std::vector<routed> bulk_pace::due(time_point now) {
  refill(now);
  std::vector<routed> out;
  while (auto* const next = next_turn(now)) {
    if (!is_active(next->second, now)) {
      quiet_ = std::max(0.0, quiet_ - 1);
      tried_.put(next->first, now);
    }
    all_ = std::max(0.0, all_ - 1);
    ++turns_;
    auto messages = remove(next);
    std::move(messages.begin(), messages.end(), std::back_inserter(out));
  }
  return out;
}

std::optional<bulk_pace::time_point> bulk_pace::next(time_point now) const {
  if (entries_.empty()) return {};
  if (is_full()) return now;
  auto missing = (1 - all_) / bounds_.per_second;
  if (!is_active(by_activity_.begin()->second->second, now)) missing = std::max(missing, (1 - quiet_) / quiet_rate_);
  if (missing <= 0) return now;
  return refilled_ +
         std::max(together, std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(missing)));
}

void bulk_pace::note(const std::string& key, bool answered) {
  if (!tried_.erase(key)) return;
  const double most = bounds_.per_second;
  quiet_rate_ = std::clamp(quiet_rate_ + (answered ? faster : -slower), quiet_rate_min(), most);
}

double bulk_pace::saved_max(double per_second) const {
  return std::max<double>(bounds_.burst, per_second * std::chrono::duration<double>(together).count());
}

void bulk_pace::refill(time_point now) {
  const auto passed = std::chrono::duration<double>(now - refilled_).count();
  if (passed <= 0) return;
  if (now - refilled_ > lately) quiet_rate_ = quiet_rate_min(); // whoever lived then may be dead now
  all_ = std::min(saved_max(bounds_.per_second), all_ + passed * bounds_.per_second);
  quiet_ = std::min(saved_max(quiet_rate_), quiet_ + passed * quiet_rate_);
  refilled_ = now;
}

bulk_pace::entries::pointer bulk_pace::next_turn(time_point now) const {
  if (entries_.empty() || (all_ < 1 && !is_full())) return nullptr;
  const auto may_go = [&](entries::const_pointer x) { return quiet_ >= 1 || is_full() || is_active(x->second, now); };
  const auto longest = by_arrival_.begin()->second, latest = by_activity_.begin()->second;
  if ((turns_ + 1) % waited_longest_every == 0 && may_go(longest)) return longest;
  return may_go(latest) ? latest : nullptr;
}

std::deque<routed> bulk_pace::remove(entries::pointer x) {
  by_arrival_.erase(x->second.arrived);
  by_activity_.erase({-x->second.last_active.time_since_epoch(), x->second.arrived});
  auto out = std::move(x->second.messages);
  messages_ -= out.size();
  entries_.erase(entries_.find(x->first));
  return out;
}

} // namespace causeway
