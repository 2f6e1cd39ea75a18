#include "event_queue.hpp"

#include <utility>

namespace causeway::client {

bool event_queue::push(event x) {
  const std::lock_guard lock{shared_.mutex};
  if (x.stream && void_.contains(*x.stream)) return false;
  events_.push_back(std::move(x));
  shared_.changed.notify_all();
  return true;
}

std::optional<event> event_queue::next(std::chrono::milliseconds timeout) {
  std::unique_lock lock{shared_.mutex};
  const auto is_over = [this] { return !events_.empty() || shared_.closed; };
  if (!shared_.changed.wait_for(lock, timeout, is_over) || events_.empty()) return {};
  auto x = std::move(events_.front());
  events_.pop_front();
  return x;
}

event_queue::amount event_queue::waiting() const {
  const std::lock_guard lock{shared_.mutex};
  amount all{events_.size(), 0};
  for (const auto& x : events_) all.bytes += x.body.size();
  return all;
}

event_queue::amount event_queue::begin_void(std::uint32_t stream) {
  const std::lock_guard lock{shared_.mutex};
  ++void_[stream];
  amount dropped;
  std::erase_if(events_, [&](const event& x) {
    if (x.stream != stream) return false;
    ++dropped.messages;
    dropped.bytes += x.body.size();
    return true;
  });
  return dropped;
}

void event_queue::end_void(std::uint32_t stream) {
  const std::lock_guard lock{shared_.mutex};
  if (--void_[stream] == 0) void_.erase(stream);
}

} // namespace causeway::client
