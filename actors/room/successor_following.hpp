#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// A room that somebody of another server has upgraded: our users follow into its successor, where that says itself
/// that it goes on from this room. One of them first, through the server of whoever has upgraded it; when they are in,
/// the chat server is told, and the others join. What is under way is on disk; a restart begins with all who are not in
/// yet, for joining twice changes nothing. Source: client-server-api, "Room Upgrades"; CONTRACT.md, "Upgraded rooms".
class successor_following {
public:
  /// Joins under way at once, when one has come through.
  static constexpr std::size_t joins_max = 10;
  /// Before that so many users are tried, one after the other, until there is a pause: the room may want only some.
  static constexpr std::size_t tried_max = 5;
  /// Servers that one is tried through.
  static constexpr std::size_t via_max = 10;
  static constexpr time_ms pause_ms_min = 10'000, pause_ms_max = 3'600'000;
  static constexpr time_ms follow_for_ms = 7 * 86'400'000LL;
  /// A join that nobody has told the end of was lost with whom it was asked of.
  static constexpr time_ms join_patience_ms = 40 * 60'000;

  successor_following(const room_state& room, decision& out, event_writer& writer, chat_notifier& notifier)
      : room_(room), out_(out), writer_(writer), notifier_(notifier) {}

  void observe(const state_change& c);
  void joined(const successor_joined& m);
  /// Goes on with what the store has of it.
  void load();

  time_ms deadline() const { return alarm_.at(); }
  void on_deadline();
  bool is_idle() const { return !work_; }
  void describe(matrix::json::object& o, time_ms) const;

private:
  struct work {
    std::string room_id, by, tombstone;
    time_ms since = 0;
  };

  /// Begins with all of ours.
  void begin(work w);
  void ask();
  void ask_for(const std::string& user);
  /// Nobody is asked for any more; what is left is tried again after a pause, or not at all.
  void end_of_round();
  void end();
  bool is_there() const { return !room_.head.successor.empty(); }
  std::vector<std::string> via() const;

  const room_state& room_;
  decision& out_;
  event_writer& writer_;
  chat_notifier& notifier_;
  std::optional<work> work_;
  std::deque<std::string> waiting_; ///< to be asked for in this round
  std::set<std::string> asked_;     ///< joins under way
  std::deque<std::string> failed_;  ///< to be tried again
  std::size_t tried_ = 0;           ///< in this round, before anybody was there
  std::uint32_t rounds_ = 0;
  fault last_;
  alarm_time alarm_;
};

} // namespace causeway::room
