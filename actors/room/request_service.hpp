#pragma once
#include "actors/decision.hpp"
#include "actors/room/directory_entry.hpp"
#include "actors/room/federation_queries.hpp"
#include "actors/room/membership_service.hpp"
#include "actors/room/partial_state.hpp"
#include "actors/room/room_state.hpp"
#include "actors/room/space_hierarchy.hpp"
#include "actors/room/timestamp_search.hpp"
#include "messages/room.hpp"

namespace causeway::room {

/// Requests of other servers and of other rooms about this one: each goes to whoever answers it.
class request_service {
public:
  static constexpr const char* timer = space_hierarchy::timer;

  request_service(const room_state& room, decision& out, membership_service& membership, const directory_entry& entry,
                  const partial_state& partial)
      : room_(room), out_(out), membership_(membership), entry_(entry), partial_(partial), queries_(room, out),
        timestamps_(room, out), hierarchy_(room, out) {}

  void serve(const federation_call& m);
  /// Of another room: is this user in you?
  void send_member(const member_wanted& m);
  /// Of a space: what may its asker see of this room?
  void summarize(const summary_wanted& m) { hierarchy_.summarize(m); }
  void child_summarized(const summary_told& m) { hierarchy_.child_summarized(m); }
  /// @param found  null: the store did not answer. @returns whether it was the answer to a question of this component
  bool store_answered(token asked, const store::events_loaded* found);
  void on_timer() { hierarchy_.on_timer(); }
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
