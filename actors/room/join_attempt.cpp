#include "actors/room/join_attempt.hpp"

#include "actors/room/outliers.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {

result<joined_graph> try_join(const room_state& room, remote_state::verified_events told, const matrix::event_ptr& join,
                              bool members_omitted) {
  auto bad = [](const std::string& why) { return fault{fault_code::peer_bad_answer, "send_join: " + why}; };
  const auto create =
    std::find_if(told.state.begin(), told.state.end(), [](const auto& e) { return e->is_state("m.room.create"); });
  if (create == told.state.end()) return bad("the create event is not validly signed");
  // Everything hangs from it. In room version 12 the rules also see to it that it is the one the room is named after.
  if (auto fine = matrix::check_auth(**create, nullptr, [](auto, auto) { return nullptr; }); !fine)
    return bad(fine.error().detail);
  const auto* version = (*create)->content().find("room_version");
  if ((version && version->as_string() ? *version->as_string() : "1") != join->rules().id)
    return bad("the create event has another room version");

  joined_graph tried{room_graph(room.node.settings().room.recent_events_max,
                                room.node.settings().room.state_group_full_every, room.node.server_name),
                     {},
                     {},
                     {}};
  if (room.exists) tried.graph = room.graph; // we were here before: what is known stays known
  else tried.graph.begin(*create);
  auto before = add_state(tried.graph, std::move(told), tried.writes, tried.outliers);
  const auto state = tried.graph.adopt_state(std::move(before), tried.writes);
  const auto missing = tried.graph.missing_auth_events(*join);
  const auto verdict = missing.empty()
                         ? matrix::check_auth(*join, tried.graph.create().get(), tried.graph.lookup(state))
                         : status{fault_code::peer_bad_answer, "auth events of our join are missing"};
  if (!verdict) return bad("our join does not pass the rules against the given state: " + verdict.error().detail);
  tried.graph.set_members_omitted(members_omitted);
  tried.changes = tried.graph.reset_to_join(join, state, tried.writes);
  return tried;
}

} // namespace causeway::room
