#pragma once
#include "actors/room/room_graph.hpp"

#include <string>
#include <string_view>

/// What another server may see of a room's events. Source: server-server-api, "Authorization Rules" of backfill and
/// events; client-server-api, "Room History Visibility".
namespace causeway::room {

/// One asking server. Its members are counted from one state to the next, so a page of events costs what the states
/// around them differ in, however many members the room has.
class history_viewer {
public:
  history_viewer(const room_graph& graph, std::string_view server) : graph_(graph), server_(server) {}

  /// Whether the event may be shown whole; otherwise what a redaction leaves of it: the graph has to stay connected.
  /// @param before  the state before it; null where that is not known, for history that was fetched
  bool may_see(const store::stored_event& s, const state_ref& before);

private:
  bool takes_part(const state_ref& state, bool invited_count);

  const room_graph& graph_;
  std::string server_;
  state_ref known_in_; ///< the state that `known_` is of; the current one at first
  member_counts::share known_;
};

} // namespace causeway::room
