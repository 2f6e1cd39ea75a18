#pragma once
#include "actors/lazy_deque.hpp"
#include "messages/matrix/event.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace causeway::room {

/// An event and some of the servers it has still to be queued for: a row put_fan_out.
struct fan_out_part {
  std::int64_t number = 0;
  matrix::event_ptr event;
  std::string own_id;
  std::vector<std::string> servers;
  std::size_t destinations = 0; ///< of the event, all parts together
};

/// Parts that wait to be queued, the oldest first, and who waits in them.
class fan_out_lane {
public:
  void push(fan_out_part x) {
    if (!waiting_) waiting_ = std::make_unique<counts>();
    for (const auto& server : x.servers) ++(*waiting_)[server];
    parts_.push_back(std::move(x));
  }
  /// @pre not empty
  fan_out_part pop() {
    auto first = std::move(parts_.front());
    parts_.pop_front();
    for (const auto& server : first.servers) {
      const auto at = waiting_->find(server);
      if (--at->second == 0) waiting_->erase(at);
    }
    if (parts_.empty()) waiting_.reset();
    return first;
  }
  /// Whether an event waits here for that server: a later one must not overtake it.
  bool holds(const std::string& server) const { return waiting_ && waiting_->contains(server); }
  bool empty() const { return parts_.empty(); }
  std::size_t size() const { return parts_.size(); }
  const lazy_deque<fan_out_part>& parts() const { return parts_; }

private:
  using counts = std::unordered_map<std::string, std::uint32_t>; ///< parts in which a server stands

  lazy_deque<fan_out_part> parts_;
  std::unique_ptr<counts> waiting_; ///< null: nobody. Most rooms never have a part, and memory is what they cost
};

} // namespace causeway::room
