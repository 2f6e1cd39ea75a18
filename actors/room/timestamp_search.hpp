#pragma once
#include "actors/decision.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace causeway::room {

/// Finds the event of the room nearest to a moment. The graph is walked back from its head, a bounded number of events: timestamps are what
/// servers claim, and there is no index over them. Source: server-server-api, "Timestamp to event".
class timestamp_search {
public:
  timestamp_search(const room_state& room, decision& out) : room_(room), out_(out) {}

  /// GET /timestamp_to_event of a server that may ask.
  void serve(const federation_call& m);
  /// @param found  null: the store did not answer. @returns whether it was the answer to a question of this component
  bool store_answered(token asked, const store::events_loaded* found);
  bool is_idle() const { return open_.empty(); }

private:
  struct search {
    federation_call call;
    std::int64_t ts = 0;
    bool forwards = true;
    std::uint32_t rounds = 0;
    matrix::event_ptr best;
    std::set<std::string> seen;
  };
  void go_on(search s, const store::events_loaded& found);
  void ask(search s, std::vector<std::string> from);

  const room_state& room_;
  decision& out_;
  std::map<token, search> open_;
};

} // namespace causeway::room
