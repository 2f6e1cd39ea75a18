#pragma once
#include "actors/decision.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/json.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// A space and the rooms in it, one level deep: each child room says itself what the asking server may see of it.
/// Source: server-server-api, "Spaces".
class space_hierarchy {
public:
  space_hierarchy(const room_state& room, decision& out, pending_questions& pending)
      : room_(room), out_(out), pending_(pending) {}

  /// GET /hierarchy.
  void serve(const federation_call& m);
  /// Of a space: what may its asker see of this room?
  void summarize(const summary_request& m);
  void answered(question::child_summary q, const summary_response& m);
  void answered(const question::child_summary& q, const timed_out&);
  bool is_idle() const { return open_.empty(); }

private:
  struct hierarchy {
    federation_call call;
    matrix::json::array children_state;
    std::vector<std::string> children;            ///< in order
    std::size_t open = 0;                         ///< children that have not answered
    std::map<std::string, summary_response> told; ///< child -> answer
  };
  void child_ended(std::uint64_t number);
  bool shows_summary_to(std::string_view server, std::string_view parent, bool in_parent) const;
  void finish(const hierarchy& h);

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  std::map<std::uint64_t, hierarchy> open_;
  std::uint64_t last_hierarchy_ = 0;
};

} // namespace causeway::room
