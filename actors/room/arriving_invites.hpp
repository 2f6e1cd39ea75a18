#pragma once
#include "actors/alarm_time.hpp"
#include "actors/effects.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace causeway::room {

/// Invites of one of ours by another server that the room has not had from its own ways: they pass all the checks of a
/// pushed event, and what waits for their place goes on when they have one, or never will.
class arriving_invites {
public:
  /// More wait for nothing; each is one open request of another server or one command.
  static constexpr std::size_t waiting_max = 1'000;

  /// What waits: the invitation, for its answer to PUT /invite, or a user who accepts an invite that the room has
  /// missed.
  using waiting = std::variant<invite_arrived, join_request>;

  /// So long a user who accepts waits for the past of their invite.
  static constexpr time_ms staged_ms_max = 30'000;

  bool has_room() const { return waiting_.size() + staged_.size() < waiting_max; }
  bool empty() const { return waiting_.empty() && staged_.empty(); }
  void add(token asked, waiting x) { waiting_.emplace(asked, std::move(x)); }
  std::optional<waiting> take(token asked) {
    const auto it = waiting_.find(asked);
    if (it == waiting_.end()) return std::nullopt;
    auto x = std::move(it->second);
    waiting_.erase(it);
    return x;
  }

  /// The invite is on disk and waits for its past, and they with it.
  void stage(join_request x, time_ms now) {
    auto id = x.invite->event_id;
    staged_.emplace(std::move(id), std::pair{std::move(x), now + staged_ms_max});
  }
  /// Those who waited for this event, which has its place now, or never will.
  std::vector<join_request> completed(const std::string& event_id) {
    std::vector<join_request> list;
    const auto [first, last] = staged_.equal_range(event_id);
    for (auto it = first; it != last; ++it) list.push_back(std::move(it->second.first));
    staged_.erase(first, last);
    return list;
  }
  std::vector<join_request> overdue(time_ms now) {
    std::vector<join_request> list;
    for (auto it = staged_.begin(); it != staged_.end();) {
      if (it->second.second > now) {
        ++it;
        continue;
      }
      list.push_back(std::move(it->second.first));
      it = staged_.erase(it);
    }
    return list;
  }

  /// When `overdue` has somebody; 0: nobody waits.
  time_ms deadline() const {
    time_ms next = 0;
    for (const auto& [id, x] : staged_) next = earlier(next, x.second);
    return next;
  }

private:
  std::map<token, waiting> waiting_;
  std::multimap<std::string, std::pair<join_request, time_ms>>
    staged_; ///< by event id of the invite -> who, until when
};

} // namespace causeway::room
