#pragma once
#include "actors/effects.hpp"
#include "actors/lazy_deque.hpp"
#include "messages/matrix/json.hpp"
#include "messages/room.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>

namespace causeway::room {

/// A PDU that came while the room cannot judge it: our join is under way. It is on disk and was answered for.
struct held_pdu {
  matrix::json::object pdu; ///< without `unsigned`
  std::string row;          ///< its id in the inbox: the event's, by the room version that the join was offered
  std::string origin;
  time_ms since = 0;
  std::size_t bytes = 0; ///< of its text
};

/// Such PDUs in the order they came, one of each server for an event. The bounds are the room's, which counts them with
/// what it works on.
class held_pdus {
public:
  /// @returns false: it is there already
  bool add(held_pdu x) {
    if (!known_.emplace(x.row, x.origin).second) return false;
    held_.push_back(std::move(x));
    return true;
  }
  const lazy_deque<held_pdu>& all() const { return held_; }
  lazy_deque<held_pdu> take() {
    known_.clear();
    return std::exchange(held_, {});
  }
  /// @returns whether nobody else's copy of the event is held: then its rows may go
  bool drop(const std::string& row, const std::string& origin) {
    known_.erase({row, origin});
    held_.erase_if([&](const auto& h) { return h.row == row && h.origin == origin; });
    const auto next = known_.lower_bound({row, ""});
    return next == known_.end() || next->first != row;
  }

private:
  lazy_deque<held_pdu> held_;
  std::set<std::pair<std::string, std::string>> known_; ///< (row, origin)
};

} // namespace causeway::room
