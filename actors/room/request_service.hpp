#pragma once
#include "actors/decision.hpp"
#include "actors/room/directory_entry.hpp"
#include "actors/room/federation_queries.hpp"
#include "actors/room/membership_service.hpp"
#include "actors/room/partial_state.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"
#include "actors/room/space_hierarchy.hpp"
#include "actors/room/timestamp_search.hpp"
#include "messages/room.hpp"

namespace causeway::room {

/// Requests of other servers and of other rooms about this one: each goes to whoever answers it.
class request_service {
public:
  request_service(const room_state& room, decision& out, pending_questions& pending, membership_service& membership,
                  const directory_entry& entry, const partial_state& partial)
      : room_(room), out_(out), membership_(membership), entry_(entry), partial_(partial), queries_(room, out, pending),
        timestamps_(room, out, pending), hierarchy_(room, out, pending) {}

  void serve(const federation_call& m);
  /// Of another room: is this user in you?
  void send_member(const member_request& m);
  /// Of a space: what may its asker see of this room?
  void summarize(const summary_request& m) { hierarchy_.summarize(m); }
  void answered(const question::called_events& q, const store_answered& m) { queries_.answered(q, m); }
  void answered(const question::called_events& q, const timed_out& m) { queries_.answered(q, m); }
  void answered(question::near_timestamp q, const store_answered& m) { timestamps_.answered(std::move(q), m); }
  void answered(const question::near_timestamp& q, const timed_out& m) { timestamps_.answered(q, m); }
  void answered(question::child_summary q, const summary_response& m) { hierarchy_.answered(std::move(q), m); }
  void answered(const question::child_summary& q, const timed_out& m) { hierarchy_.answered(q, m); }
  bool is_idle() const { return queries_.is_idle() && timestamps_.is_idle() && hierarchy_.is_idle(); }

private:
  void forward_invite(const federation_call& m);

  const room_state& room_;
  decision& out_;
  membership_service& membership_;
  const directory_entry& entry_;
  const partial_state& partial_;
  federation_queries queries_;
  timestamp_search timestamps_;
  space_hierarchy hierarchy_;
};

} // namespace causeway::room
