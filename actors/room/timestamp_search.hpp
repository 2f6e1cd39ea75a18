#pragma once
#include "actors/decision.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"
#include "messages/room.hpp"

#include <string>
#include <vector>

namespace causeway::room {

/// Finds the event of the room nearest to a moment. The graph is walked back from its head, a bounded number of events:
/// timestamps are what servers claim, and there is no index over them. Source: server-server-api, "Timestamp to event".
class timestamp_search {
public:
  timestamp_search(const room_state& room, decision& out, pending_questions& pending)
      : room_(room), out_(out), pending_(pending) {}

  /// GET /timestamp_to_event of a server that may ask.
  void serve(const federation_call& m);
  void answered(question::near_timestamp q, const store_answered& m);
  void answered(const question::near_timestamp& q, const timed_out&);
  bool is_idle() const { return open() == 0; }

private:
  using search = question::near_timestamp;
  std::size_t open() const { return pending_.count<question::near_timestamp>(); }
  void go_on(search s, const store::events_loaded& found);
  void ask(search s, std::vector<std::string> from);

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
};

} // namespace causeway::room
