#pragma once
#include "actors/effects.hpp"
#include "actors/room/room_graph.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace causeway::room {

/// Servers of whose users others have ended the membership: by kick, ban, or an invitation taken back. Any server may
/// ask whether it is one of them, as often as it likes, so what is known is walked once per state. Memory: O(servers).
class put_out_servers {
public:
  /// By the current state; when the last of them was put out, by the clock of who did so. 0: nobody was
  time_ms last_of(const room_graph& graph, std::string_view server);
  /// Whether this event of the current state ended the membership of one of its users by whom their join was not seen:
  /// both follow what was before. That server was in the room, though not at any event that led to this one.
  bool has_joined_beside(const room_graph& graph, std::string_view server, const matrix::event& end);

private:
  std::int64_t group_ = -1; ///< state group that `last_of_` is of
  std::unordered_map<std::string, time_ms> last_of_;
};

} // namespace causeway::room
