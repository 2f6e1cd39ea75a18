#pragma once
#include "actors/decision.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/content_repair.hpp"
#include "actors/room/event_import.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/redactions.hpp"
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

/// The history before a join: fetched backwards, from one server after the other, judged by all it cites.
/// Source: server-server-api, "Backfilling and retrieving missing events".
class history_backfill {
public:
  static constexpr const char* timer = "history";

  history_backfill(const room_state& room, decision& out, event_writer& writer, event_import& import,
                   content_repair& repair, redactions& r, chat_notifier& notifier, room_events& events)
      : room_(room), out_(out), writer_(writer), import_(import), repair_(repair), redactions_(r), notifier_(notifier),
        events_(events) {}

  /// Begins with the events that the room's row names. @param server  asked first; empty: any
  void start(const std::string& server);
  /// Asks, unless a question is open. Also when the timer is due.
  void ask();
  void abandon() { fetch_.reset(); }

  bool is_active() const { return fetch_.has_value(); }
  /// When it began. @pre is_active()
  time_ms begun() const { return fetch_->begun; }

  /// @returns whether it was the answer to a question of this component
  bool answered(const peer_answer& m);
  bool verified(const events_verified& m);
  /// @param found  null: the store did not answer
  bool store_answered(token asked, const store::events_loaded* found);
  /// Whoever was asked may have failed with the question. @param patience_ms  after that it counts as lost
  void expire(time_ms patience_ms);

private:
  struct fetch {
    std::string server;
    std::vector<std::string> from; ///< events that are asked for with their ancestors
    std::vector<matrix::event_ptr> events;
    std::uint32_t failures = 0;
    time_ms begun = 0;
    time_ms deadline = 0; ///< from the first events on; 0: none have come
    token asked = 0;
    bool verifying = false;
    time_ms since = 0;
    std::string auth_of; ///< the event whose auth chain is being asked for; empty: none
    std::uint32_t auth_questions = 0;
    std::set<std::string> unjudgeable; ///< events whose auth events cannot be had
  };
  /// So long the open question may last.
  std::uint32_t timeout_ms() const;
  void verify(std::vector<matrix::event_ptr> events);
  void failed();
  void take_verified(const std::vector<matrix::event_ptr>& events);
  bool ask_auth();
  void auth_failed();
  void finish();
  void complete(const store::events_loaded& known);

  const room_state& room_;
  decision& out_;
  event_writer& writer_;
  event_import& import_;
  content_repair& repair_;
  redactions& redactions_;
  chat_notifier& notifier_;
  room_events& events_;
  std::optional<fetch> fetch_;
  std::map<token, std::vector<matrix::event_ptr>> verifying_;
  token lookup_ = 0; ///< the store is asked which of the fetched events it has
};

} // namespace causeway::room
