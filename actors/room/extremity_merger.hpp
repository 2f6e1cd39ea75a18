#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/partial_state.hpp"
#include "actors/room/remote_join.hpp"
#include "actors/room/room_state.hpp"

#include <optional>

namespace causeway::room {

/// Forward extremities are brought together where nobody of ours writes anything: each one costs every server of the
/// room a resolution of states for every event, and a hostile member can make them by the thousand. Source: room
/// specification, "Room DAG"; the event that other homeservers send for it is `org.matrix.dummy_event`, which no client
/// shows.
class extremity_merger {
public:
  /// Forward extremities that are left to the next message for a while.
  static constexpr std::size_t patient_max = 10;
  /// Beyond these the room is not given the time.
  static constexpr std::size_t extremities_max = 20;

  extremity_merger(const room_state& room, decision& out, authoring& author, const partial_state& partial,
                   const remote_join& join)
      : room_(room), out_(out), authoring_(author), partial_(partial), join_(join) {}

  /// After an event of another server was accepted.
  void consider();
  /// The policy server has answered, perhaps about the event that is to bring them together.
  void try_again();
  time_ms deadline() const { return alarm_.at(); }
  void on_deadline();

private:
  void merge();
  std::optional<draft> merging_event() const;

  const room_state& room_;
  decision& out_;
  authoring& authoring_;
  const partial_state& partial_;
  const remote_join& join_;
  time_ms not_before_ = 0;
  alarm_time alarm_;
  bool asked_ = false; ///< the policy server's word is waited for
};

} // namespace causeway::room
