#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_state.hpp"
#include "messages/remote_server.hpp"
#include "messages/room.hpp"

#include <list>
#include <string>
#include <vector>

namespace causeway::room {

/// One of ours joins a restricted room that we are in already, and none of us can let them in: another resident of the
/// room is asked to. Its signature makes the join authorized; the event then takes the way of every event of another
/// server.
/// Source: server-server-api, "Restricted rooms".
class resident_join {
public:
  /// Residents asked for one join.
  static constexpr std::size_t residents_max = 5;
  /// Joins of one room under way.
  static constexpr std::size_t joins_max = 100;

  resident_join(const room_state& room, decision& out, pending_questions& pending, room_events& events)
      : room_(room), out_(out), pending_(pending), events_(events) {}

  /// @param why  none of us can let the user in
  void begin(const join_request& m, const fault& why);
  void answered(question::of_resident, const peer_answer& m);
  void answered(question::of_resident, const timed_out& m);
  /// An event of another server has its place, or none. @param error  empty: it was taken
  void event_completed(const matrix::event& x, const std::string& error);
  time_ms deadline() const { return alarm_.at(); }
  void on_deadline();
  bool is_idle() const { return joins_.empty(); }

private:
  struct join {
    join_request wanted;
    std::vector<std::string> via;
    std::size_t at = 0;      ///< of `via`
    token asked = 0;         ///< 0: the join is signed and on its way through the checks
    matrix::event_ptr event; ///< null: the template is asked for
    fault last;
    time_ms since = 0;
  };
  using join_ref = std::list<join>::iterator;
  /// Servers of users who may invite, the most powerful first.
  std::vector<std::string> residents_that_may_grant() const;
  void ask(join_ref it);
  /// The join that waits for this answer.
  join_ref find(token asked);
  void next(join_ref it, const fault& why);
  void template_received(join_ref it, const peer_answer& m);
  void signed_join_received(join_ref it, const peer_answer& m);
  /// The first of the signed joins has waited for long enough.
  void set_alarm();

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  room_events& events_;
  std::list<join> joins_;
  alarm_time alarm_; ///< a signed join has waited for long enough
};

} // namespace causeway::room
