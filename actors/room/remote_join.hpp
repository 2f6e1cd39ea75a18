#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/remote_state.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/json.hpp"
#include "messages/remote_server.hpp"
#include "messages/room.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// Joining a room through another server. One join at a time; others wait for how it ends.
/// Source: server-server-api, "Joining Rooms".
class remote_join {
public:
  remote_join(const room_state& room, decision& out, pending_questions& pending, event_writer& writer,
              chat_notifier& notifier, room_events& events)
      : room_(room), out_(out), pending_(pending), writer_(writer), notifier_(notifier), events_(events) {}

  /// @pre nobody of ours is in the room
  void want(const join_request& m);
  bool is_active() const { return join_.has_value(); }
  bool is_idle() const { return !is_active(); }
  time_ms deadline() const { return alarm_.at(); }
  void on_deadline();
  /// Rules of the room as far as the join has got: by the template. Null: not known yet.
  const matrix::room_version_rules* rules() const { return join_ && join_->event ? &join_->event->rules() : nullptr; }
  void describe(matrix::json::object& o, time_ms now) const;

  void answered(question::of_join, const peer_answer& m);
  void answered(question::of_join, const timed_out&);
  void answered(question::join_state, const events_verified& m);
  void answered(question::join_state, const timed_out&);

private:
  enum class step : std::uint8_t { make_join, sizing, send_join, verifying };
  struct handshake {
    join_request wanted;
    std::size_t via = 0;
    bool is_asking = false; ///< another server, or the verifier
    step at = step::make_join;
    bool is_large = false;
    matrix::event_ptr event; ///< our join
    remote_state told;
    bool members_omitted = false;
    std::set<std::string> servers;        ///< of the room, where members are omitted
    std::uint32_t verifications = 0;      ///< asked for; again when the keys of some server could not be had
    std::optional<event_check> own_check; ///< of a restricted join, when it came back
    fault last;
    bool join_outcome_unknown = false; ///< a send_join was not answered
    time_ms since = 0;
  };
  void ask();
  void ask_server(peer_request r);
  void next(const fault& why);
  void template_received(const peer_answer& m);
  bool may_be_large() const;
  void ask_size();
  void size_received(const peer_answer& m);
  void send();
  void state_received(const peer_answer& m);
  void verify();
  void all_verified();

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  event_writer& writer_;
  chat_notifier& notifier_;
  room_events& events_;
  std::optional<handshake> join_;
  std::vector<join_request> queue_;
  alarm_time alarm_; ///< keys that were missing are asked for again
};

/// Our user's join in the shape the other server gave, signed; nothing of the template is taken over that they did not
/// want.
/// @returns faults peer_bad_answer, unsupported_room_version
result<matrix::event_ptr> join_of_template(const room_state& room, const peer_answer& m, const join_request& wanted,
                                           time_ms now);

} // namespace causeway::room
