#pragma once
#include "actors/decision.hpp"
#include "actors/room/fan_out_lane.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/event.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// Queues events for the servers they are owed to. Where those are many (`federation.fan_out_part`), the ones that have
/// answered lately (answering_servers) are queued in the commit of the event itself; for the others that commit has
/// rows that say so (put_fan_out), and they are queued in parts afterwards, one small commit after the other. So one
/// message to thousands of servers holds up neither the store nor the other actors, and a crash loses nothing of it.
///
/// Parts wait in two lanes: the prompt one is for servers that answer, the patient one for all others, which may be
/// dead: it takes longer while they do not answer, and its commits go along with others where there are any. Whoever
/// waits in a lane gets a later event through the same lane, so no server gets an event before its parents.
class fan_out {
public:
  /// A timer of its own: its turn writes nothing else. Set when the commit before is done, so a store that is slow or
  /// away has one of them at a time, and a wall clock that is set back holds up nobody.
  static constexpr timer_kind timer = timer_kind::fan_out;
  /// Between two commits of the prompt lane: in half of it the actors of a part are made, and others get the rest.
  static constexpr time_ms pause_ms = 10;
  /// Likewise of the patient lane.
  static constexpr time_ms patient_pause_ms = 25;
  /// Its commits wait so long for another one to go along with.
  static constexpr std::uint32_t ride_ms = 20;
  /// Parts of a lane that one commit takes where many wait.
  static constexpr std::size_t parts_at_once_max = 16;
  /// Parts that wait in both lanes; beyond them all are queued at once, which holds up the room, and so whoever sends
  /// there.
  static constexpr std::size_t parts_max = 1'000;
  /// Servers whose users have said something last: of those that have not answered lately they come first.
  static constexpr std::size_t heard_max = 64;

  fan_out(const room_state& room, decision& out) : room_(room), out_(out) {}

  void load(const std::vector<store::room_loaded::fan_out>& from);
  /// @param own_id  what the chat server calls the event
  void queue(const matrix::event_ptr& x, std::vector<std::string> servers, const std::string& own_id);
  /// A user of that server has sent an event.
  void heard(std::string_view server);

  /// Servers that the event queued last goes to.
  std::size_t destinations_of_last() const { return destinations_of_last_; }

  bool is_idle() const { return prompt_.empty() && patient_.empty(); }
  void on_timer();
  void describe(matrix::json::object& o, time_ms now) const;

private:
  std::size_t servers_at_once() const { return room_.node.settings().federation.fan_out_part; }
  /// What is no server, ourselves, and who gets the event already.
  void drop_untold(std::vector<std::string>& servers, const std::string& event_id) const;
  /// Those that are to be told soon, in the order in which they are; the others stay.
  std::vector<std::string> take_prompt(std::vector<std::string>& servers) const;
  void heard_first(std::vector<std::string>& servers) const;
  /// `event`, for these servers, stands behind what waits in `lane`.
  void put_off(fan_out_lane& lane, const fan_out_part& event, std::vector<std::string> servers);
  void go_on();
  /// Rows and messages of one part.
  void hand_on(const fan_out_part& x);
  void hand_on_next(fan_out_lane& lane);
  void hand_on_some(fan_out_lane& lane);
  /// Until the next turn of the patient lane: as long as of the other where those whose turn it is answer.
  time_ms patience() const;

  const room_state& room_;
  decision& out_;
  fan_out_lane prompt_, patient_;
  time_ms patient_at_ = 0; ///< its next turn, not before
  std::int64_t last_number_ = 0;
  std::size_t destinations_of_last_ = 0;
  std::vector<std::string> heard_; ///< the latest first
  bool goes_on_ = false;           ///< the timer is set, or will be with the commit under way
};

} // namespace causeway::room
