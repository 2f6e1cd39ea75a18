#pragma once
#include "actors/room/join_authorisation.hpp"
#include "actors/room/room_graph.hpp"
#include "messages/room.hpp"

#include <set>
#include <string>
#include <vector>

namespace causeway::room {

/// How a join through another server has ended.
struct remote_joined {
  join_request wanted;
  matrix::event_ptr event; ///< our join
  std::size_t via = 0;     ///< index in `wanted.via` of the server that let us in
  bool again = false;      ///< we were in the room before
  bool members_omitted = false;
  std::set<std::string> servers; ///< in the room, where members are omitted
  std::vector<state_change> changes;
  std::vector<std::string> outliers;       ///< ids of events that are new in the graph
  std::vector<matrix::event_ptr> stripped; ///< events whose content did not match its hash
  std::vector<join_request> waiting;       ///< joins that have waited for this one
};

/// What a component says to the others, by way of the room: the machine alone knows whom it concerns.
class room_events {
public:
  virtual ~room_events() = default;
  /// The current state has changed.
  virtual void state_changed(const std::vector<state_change>& changes) = 0;
  /// An event of another server is in the room, and what it changed was told.
  /// @param historical  it was sent before we knew of it
  virtual void event_accepted(const matrix::event& x, bool historical) = 0;
  /// What an accepted event of another server says is known, now or since it came.
  /// @param historical  it was sent before we knew of it
  virtual void content_known(const matrix::event& x, bool historical) = 0;
  /// An event of another server has its place, or none. @param error  empty: it was taken
  virtual void event_completed(const matrix::event& x, const std::string& error) = 0;
  /// The members of a room that was joined without them are all known.
  /// @param news  what turned out otherwise than it seemed
  /// @param members  who was there all along
  virtual void full_state_known(const std::vector<state_change>& news, const std::vector<std::string>& members) = 0;
  /// They cannot be had now; it is tried again later.
  virtual void full_state_unavailable() = 0;
  /// A join through another server stands: the room is what it is after it.
  virtual void joined(remote_joined j) = 0;
  /// It has failed with all servers. @param join_outcome_unknown  one of them got the join and its answer was lost
  /// @param waiting  joins that have waited for how it ends
  virtual void join_failed(const join_request& wanted, const fault& why, bool join_outcome_unknown,
                           const std::vector<join_request>& waiting) = 0;
  /// A join of ours, signed by a resident that lets the user in: it takes the way of every event of another server.
  virtual void join_signed(const matrix::event_ptr& x, const std::string& server) = 0;
  /// An invite of ours is in the graph, or will never be.
  virtual void invitation_resolved(const std::string& user) = 0;
  /// All invitations that a leave would have left behind are revoked.
  virtual void withdrawals_ended() = 0;
  /// The invite that a join rests on is in the room now, or will never be.
  virtual void join_again(join_request m) = 0;
  /// A call that was held is to be answered now.
  virtual void call_released(const federation_call& m) = 0;
  /// A user who joins through us may be let in, or not.
  /// @param next  make_join_call or send_join_call.
  /// @param authoriser  of ours who lets them in
  virtual void call_authorised(authorised_step next, const result<std::string>& authoriser) = 0;
  /// A join is over, one way or the other. @param why  none: joined
  virtual void join_ended(const join_request& m, const fault& why, bool join_outcome_unknown = false) = 0;
  /// The history before our join has been fetched, or is given up.
  virtual void history_fetched() = 0;
};

} // namespace causeway::room
