#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/content_repair.hpp"
#include "actors/room/event_import.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/remote_state.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_state.hpp"
#include "messages/remote_server.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace causeway::room {

/// A large room is joined without its members (send_join with omit_members): it opens at once, they are fetched
/// afterwards. Until then an event is judged with the memberships that it cites, nothing is soft-failed, nobody joins
/// through us and no state is served; afterwards everything that came since the join is put on the full state and
/// judged once more. Source: server-server-api, "Joining Rooms" (members_omitted).
class partial_state {
public:
  /// Servers of the room that are remembered.
  static constexpr std::size_t servers_max = 20'000;

  partial_state(const room_state& room, decision& out, pending_questions& pending, event_writer& writer,
                event_import& import, content_repair& repair, chat_notifier& notifier, room_events& events)
      : room_(room), out_(out), pending_(pending), writer_(writer), import_(import), repair_(repair),
        notifier_(notifier), events_(events) {}

  /// @param join  event id of our join. @param server  asked first. @param servers  that were in the room then
  void begin(std::string join, std::string server, std::set<std::string> servers);
  void end();
  /// Goes on where an earlier incarnation stood.
  void load();
  /// Asks, unless a question is open.
  void ask();

  bool is_active() const { return fetch_.has_value(); }
  bool is_idle() const { return !is_active(); }
  time_ms deadline() const { return alarm_.at(); }
  void on_deadline() {
    alarm_.clear();
    ask();
  }
  /// Whether what came since the join is being read: no event can be judged meanwhile.
  bool is_reading() const { return fetch_ && fetch_->reading != 0; }

  void answered(question::full_state, const peer_answer& m);
  void answered(question::full_state, const timed_out&) { failed("no answer"); }
  void answered(question::full_state_events, const events_verified& m);
  void answered(question::full_state_events, const timed_out&) { failed("the verifier did not answer"); }
  void answered(question::since_join, const store_answered& m);
  void answered(question::since_join, const timed_out&) { failed("the store did not answer"); }

private:
  struct fetch {
    std::string join;           ///< event id of our join: the state before it is what is fetched
    std::string server;         ///< asked, or to be asked next
    std::size_t tried = 0;      ///< servers asked in this round
    std::uint32_t failures = 0; ///< rounds without success
    token asked = 0, reading = 0;
    remote_state told;
    std::optional<matrix::state_map> state;                ///< verified; being put under what came since
    std::map<std::string, store::stored_event> come_since; ///< of the store, our join included
    std::map<std::int64_t, matrix::state_ptr> states_before;
    std::int64_t last_position = 0; ///< of the room when the reading began
  };
  /// Nothing that is asked is waited for any more.
  void forget_questions();
  void failed(const std::string& why);
  void verify_next();
  void read_what_came_since(std::vector<std::string> from);
  void read(const store::events_loaded& found);
  void take();

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  event_writer& writer_;
  event_import& import_;
  content_repair& repair_;
  chat_notifier& notifier_;
  room_events& events_;
  std::optional<fetch> fetch_;
  alarm_time alarm_; ///< the servers are asked again
};

} // namespace causeway::room
