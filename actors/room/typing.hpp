#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"

#include <map>
#include <string>

namespace causeway::room {

/// Users of other servers who are typing. Nobody says that a server has gone, so what it said ends by itself.
/// Source: server-server-api, "Typing Notifications".
class typing {
public:
  /// Users of one room who are typing at once; what others type is not told.
  static constexpr std::size_t users_max = 1'000;

  typing(const room_state& room, decision& out) : room_(room), out_(out) {}

  /// An m.typing EDU; of others nothing is done.
  void receive(const edu_received& m);
  time_ms deadline() const { return alarm_.at(); }
  void on_deadline();
  bool is_idle() const { return until_.empty(); }

private:
  void notify(const std::string& user, bool is_typing);

  const room_state& room_;
  decision& out_;
  std::map<std::string, time_ms> until_; ///< user -> when it ends by itself
  alarm_time alarm_;
};

} // namespace causeway::room
