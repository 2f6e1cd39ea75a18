#pragma once
#include "actors/decision.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/content_repair.hpp"
#include "actors/room/event_import.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_state.hpp"
#include "actors/room/told_state.hpp"
#include "messages/remote_server.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace causeway::room {

/// A large room is joined without its members (send_join with omit_members): it opens at once, they are fetched afterwards. Until then an event
/// is judged with the memberships that it cites, nothing is soft-failed, nobody joins through us and no state is served; afterwards everything
/// that came since the join is put on the full state and judged once more. Source: server-server-api, "Joining Rooms" (members_omitted).
class partial_state {
public:
  static constexpr const char* timer = "members";
  /// Servers of the room that are remembered.
  static constexpr std::size_t servers_max = 20'000;

  partial_state(const room_state& room, decision& out, event_writer& writer, event_import& import,
                content_repair& repair, chat_notifier& notifier, room_events& events)
      : room_(room), out_(out), writer_(writer), import_(import), repair_(repair), notifier_(notifier),
        events_(events) {}

  /// @param join  event id of our join. @param server  asked first. @param servers  that were in the room then
  void begin(std::string join, std::string server, std::set<std::string> servers);
  void end();
  /// Goes on where an earlier incarnation stood.
  void load();
  /// Asks, unless a question is open. Also when the timer is due.
  void ask();

  bool is_active() const { return fetch_.has_value(); }
  /// Whether what came since the join is being read: no event can be judged meanwhile.
  bool is_reading() const { return fetch_ && fetch_->reading != 0; }

  /// @returns whether it was the answer to a question of this component
  bool answered(const peer_answer& m);
  bool verified(const events_verified& m);
  bool store_answered(token asked, const store::events_loaded* found);
  /// Whoever was asked may have failed with the question. @param patience_ms  after that it counts as lost
  void expire(time_ms patience_ms);

private:
  struct fetch {
    std::string join;           ///< event id of our join: the state before it is what is fetched
    std::string server;         ///< asked, or to be asked next
    std::size_t tried = 0;      ///< servers asked in this round
    std::uint32_t failures = 0; ///< rounds without success
    token asked = 0, reading = 0;
    time_ms since = 0; ///< of the question that is open
    told_state told;
    std::optional<matrix::state_map> state;                ///< verified; being put under what came since
    std::map<std::string, store::stored_event> come_since; ///< of the store, our join included
    std::map<std::int64_t, matrix::state_ptr> states_before;
    std::int64_t last_position = 0; ///< of the room when the reading began
  };
  void failed(const std::string& why);
  void verify_next();
  void read_what_came_since(std::vector<std::string> from);
  void read(const store::events_loaded& found);
  void take();

  const room_state& room_;
  decision& out_;
  event_writer& writer_;
  event_import& import_;
  content_repair& repair_;
  chat_notifier& notifier_;
  room_events& events_;
  std::optional<fetch> fetch_;
};

} // namespace causeway::room
