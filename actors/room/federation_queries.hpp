#pragma once
#include "actors/decision.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/put_out_servers.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/room.hpp"

#include <cstdint>

namespace causeway::room {

/// Questions of other servers about what is in the room: states, events, history. Membership of the asking server
/// first, then the server ACL, so that the ACL does not leak; history visibility decides per event. Source:
/// server-server-api, "Retrieving events".
class federation_queries {
public:
  federation_queries(const room_state& room, decision& out, pending_questions& pending)
      : room_(room), out_(out), pending_(pending) {}

  /// Whether a server may ask about the room. @returns faults not_found, forbidden, server_denied
  status may_ask(const federation_call& m) const;
  /// GET /state, /state_ids, /event, /backfill, /event_auth and POST /get_missing_events of a server that may ask; all
  /// else is refused.
  void serve(const federation_call& m);
  void answered(const question::called_events& q, const store_answered& m);
  void answered(const question::called_events& q, const timed_out&);
  bool is_idle() const { return pending_.count<question::called_events>() == 0; }

private:
  bool is_served_after_leave(matrix::endpoint id) const;
  /// Whether a server is answered about the first of these events: who was put out only about what was before, and
  /// about what put them out.
  bool is_told_of(const std::string& server, const store::events_loaded& found) const;
  /// Ids of the state before the first of these events.
  static result<std::vector<std::string>> state_before(const store::events_loaded& found);
  /// What of these events a server may see: redacted where it may not see all, never left out.
  std::vector<matrix::event_ptr> history_for(const std::string& server, const store::events_loaded& found) const;
  void serve_state_ids(const federation_call& m, const store::events_loaded& found);
  void serve_state(const federation_call& m, const store::events_loaded& found);
  void serve_backfill(const federation_call& m, const store::events_loaded& found);
  void serve_missing_events(const federation_call& m, const store::events_loaded& found);
  void serve_event(const federation_call& m, const store::events_loaded& found);
  void serve_event_auth(const federation_call& m, const store::events_loaded& found);

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  mutable put_out_servers put_out_;
  mutable std::int64_t left_in_group_ = -1; ///< state group that `left_at_` is of
  mutable time_ms left_at_ = 0;             ///< when the last of ours said their last, by their own clock
};

} // namespace causeway::room
