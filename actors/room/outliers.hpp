#pragma once
#include "actors/room/remote_state.hpp"
#include "actors/room/room_graph.hpp"
#include "messages/matrix/event.hpp"
#include "messages/store.hpp"

#include <string>
#include <vector>

/// Events without a place, put into whichever graph they are for: that of the room, or one that a join is tried on.
namespace causeway::room {

/// Takes verified events in without a place, each after those it cites; one that cites an unknown event is left out.
/// @returns ids of those that are new
std::vector<std::string> add_outliers(room_graph& graph, std::vector<matrix::event_ptr> events,
                                      std::vector<store::write>& batch);
/// The same for a whole state and its auth chain. @param added  set to the ids of those that are new
/// @returns the state they make, without what is rejected
matrix::state_map add_state(room_graph& graph, remote_state::verified_events told, std::vector<store::write>& batch,
                            std::vector<std::string>& added);

} // namespace causeway::room
