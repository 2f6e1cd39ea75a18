#pragma once
#include "actors/room/room_graph.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What another server may see of a room's events. Source: server-server-api, "Authorization Rules" of backfill and events;
/// client-server-api, "Room History Visibility".
namespace causeway::room {

/// One asking server. Its users are looked up once, so a page of events costs a few lookups each, however many members the room has.
class history_viewer {
public:
  history_viewer(const room_graph& graph, std::string_view server) : graph_(graph), server_(server) {}

  /// Whether the event may be shown whole; otherwise what a redaction leaves of it: the graph has to stay connected.
  /// @param before  the state before it; null where that is not known, for history that was fetched
  bool may_see(const store::stored_event& s, const state_ref& before);

private:
  const std::vector<std::string>& users();
  bool takes_part(const state_ref& state, bool invited_count);

  const room_graph& graph_;
  std::string server_;
  std::optional<std::vector<std::string>> users_;
  std::map<std::pair<std::int64_t, bool>, bool> took_part_; ///< by state group, and whether those invited count
};

} // namespace causeway::room
