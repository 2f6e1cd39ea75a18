#pragma once
#include "actors/room/remote_state.hpp"
#include "actors/room/room_graph.hpp"
#include "actors/room/room_state.hpp"
#include "messages/store.hpp"

#include <string>
#include <vector>

namespace causeway::room {

/// A room as it is after our join, with the rows that say so: it is taken as a whole, or thrown away.
struct joined_graph {
  room_graph graph;
  std::vector<store::write> writes;
  std::vector<state_change> changes; ///< of the current state
  std::vector<std::string> outliers; ///< ids of the events that are new in it
};

/// Tries the answer to a send_join on a graph of its own. @param told  verified. @param join  ours
/// @returns fault peer_bad_answer: the answer is not a state in which the join is allowed
result<joined_graph> try_join(const room_state& room, remote_state::verified_events told, const matrix::event_ptr& join,
                              bool members_omitted);

} // namespace causeway::room
