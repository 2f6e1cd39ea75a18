#pragma once
#include "actors/decision.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace causeway::room {

/// By what others find the room: its entry of the public directory and the aliases of this server. Written with the
/// change that made it, so that the directory knows it while the room sleeps. Source: server-server-api, "Public Room
/// Directory"; client-server-api, "m.room.canonical_alias".
class directory_entry {
public:
  directory_entry(const room_state& room, decision& out) : room_(room), out_(out) {}

  /// Tells the directory of a change. Call it with every decision.
  void observe();
  /// The same state may read otherwise now (a redaction).
  void invalidate() { group_ = -1; }
  /// GET /query/directory for an alias of this room.
  void serve_alias(const federation_call& m) const;

private:
  std::string text() const;
  /// Of a dm: who is in it or invited.
  matrix::json::array people() const;

  const room_state& room_;
  decision& out_;
  std::optional<std::string> last_; ///< what the directory was told by this incarnation
  std::int64_t group_ = -1;         ///< state group it was computed for
  store::room_phase phase_ = store::room_phase::joined;
};

} // namespace causeway::room
