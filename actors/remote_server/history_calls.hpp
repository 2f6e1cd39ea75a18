#pragma once
#include "actors/effects.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/room.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace causeway::remote_server {

/// Questions of one server about the state and the history of rooms: each reads much and has an answer of up to
/// hundreds of MiB, so only a few are worked on at once. The others wait here, where they are small. Pure.
class history_calls {
public:
  static constexpr std::size_t waiting_max = 100;
  /// A call that was handed on and not answered by then was lost with whoever worked on it; one that waits so long is
  /// refused: nobody waits for it any more.
  static constexpr time_ms patience_ms = 60'000;

  struct call {
    address to;
    federation_call body;
    time_ms since = 0;
  };
  enum class admission : std::uint8_t { hand_on, waits, refuse };

  static bool is_one(matrix::endpoint e) {
    using matrix::endpoint;
    switch (e) {
    case endpoint::state:
    case endpoint::state_ids:
    case endpoint::backfill:
    case endpoint::get_missing_events:
    case endpoint::event_auth:
    case endpoint::hierarchy:
    case endpoint::timestamp_to_event: return true;
    default: return false;
    }
  }

  admission begin(std::size_t at_once_max, const address& to, const federation_call& body, time_ms now) {
    drop_lost(now);
    if (open_.size() < at_once_max && waiting_.empty()) {
      open_.insert_or_assign({body.gateway, body.id}, now);
      return admission::hand_on;
    }
    if (waiting_.size() >= waiting_max) return admission::refuse;
    waiting_.push_back({to, body, now});
    return admission::waits;
  }
  void ended(const std::string& gateway, std::uint64_t id) { open_.erase({gateway, id}); }
  /// The next to be handed on, if there is room for it.
  std::optional<call> next(std::size_t at_once_max, time_ms now) {
    drop_lost(now);
    if (waiting_.empty() || open_.size() >= at_once_max) return std::nullopt;
    auto one = std::move(waiting_.front());
    waiting_.pop_front();
    open_.insert_or_assign({one.body.gateway, one.body.id}, now);
    return one;
  }
  /// Those that have waited too long.
  std::vector<call> overdue(time_ms now) {
    std::vector<call> out;
    for (; !waiting_.empty() && waiting_.front().since + patience_ms <= now; waiting_.pop_front())
      out.push_back(std::move(waiting_.front()));
    return out;
  }
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t open() const { return open_.size(); }

private:
  void drop_lost(time_ms now) {
    std::erase_if(open_, [&](const auto& one) { return one.second + patience_ms <= now; });
  }

  std::map<std::pair<std::string, std::uint64_t>, time_ms> open_; ///< (gateway, request) -> when it was handed on
  std::deque<call> waiting_;
};

} // namespace causeway::remote_server
