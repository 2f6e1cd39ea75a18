#pragma once
#include "actors/decision.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/json.hpp"
#include "messages/room.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// A space and the rooms in it, one level deep: each child room says itself what the asking server may see of it.
/// Source: server-server-api, "Spaces".
class space_hierarchy {
public:
  static constexpr const char* timer = "hierarchy";

  space_hierarchy(const room_state& room, decision& out) : room_(room), out_(out) {}

  /// GET /hierarchy.
  void serve(const federation_call& m);
  /// Of a space: what may its asker see of this room?
  void summarize(const summary_wanted& m);
  void child_summarized(const summary_told& m);
  void on_timer();
  bool is_idle() const { return open_.empty(); }

private:
  struct question {
    federation_call call;
    time_ms since = 0;
    matrix::json::array children_state;
    std::vector<std::string> children;        ///< in order
    std::map<token, std::string> open;        ///< question -> child
    std::map<std::string, summary_told> told; ///< child -> answer
  };
  bool shows_summary_to(std::string_view server, std::string_view parent, bool in_parent) const;
  void finish(const question& q);

  const room_state& room_;
  decision& out_;
  std::vector<question> open_; ///< the oldest first
};

} // namespace causeway::room
