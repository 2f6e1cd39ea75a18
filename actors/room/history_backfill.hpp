#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/content_repair.hpp"
#include "actors/room/event_import.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_state.hpp"
#include "messages/remote_server.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace causeway::room {

/// The history before a join: fetched backwards, from one server after the other, judged by all it cites.
/// Source: server-server-api, "Backfilling and retrieving missing events".
class history_backfill {
public:
  history_backfill(const room_state& room, decision& out, pending_questions& pending, event_writer& writer,
                   event_import& import, content_repair& repair, redactions& r, chat_notifier& notifier,
                   room_events& events)
      : room_(room), out_(out), pending_(pending), writer_(writer), import_(import), repair_(repair), redactions_(r),
        notifier_(notifier), events_(events) {}

  /// Begins with the events that the room's row names. @param server  asked first; empty: any
  void start(const std::string& server);
  /// Asks, unless a question is open.
  void ask();
  void abandon();

  bool is_active() const { return fetch_.has_value(); }
  bool is_idle() const { return !is_active(); }
  time_ms deadline() const { return alarm_.at(); }
  void on_deadline() {
    alarm_.clear();
    ask();
  }
  /// When it began. @pre is_active()
  time_ms begun() const { return fetch_->begun; }

  void answered(question::of_history, const peer_answer& m);
  void answered(question::of_history, const timed_out&);
  void answered(const question::history_events& q, const events_verified& m);
  void answered(const question::history_events&, const timed_out&);
  void answered(question::known_history, const store_answered& m);
  void answered(question::known_history, const timed_out&);

private:
  struct fetch {
    std::string server;
    std::vector<std::string> from; ///< events that are asked for with their ancestors
    std::vector<matrix::event_ptr> events;
    std::set<std::string> empty_handed; ///< servers that have none of it
    std::uint32_t failures = 0;
    time_ms begun = 0;
    time_ms deadline = 0; ///< from the first events on; 0: none have come
    token asked = 0;      ///< the question that is open, to another server, the verifier or the store; 0: none
    std::string auth_of;  ///< the event whose auth chain is being asked for; empty: none
    std::uint32_t auth_questions = 0;
    std::set<std::string> unjudgeable; ///< events whose auth events cannot be had
  };
  /// So long the open question may last.
  std::uint32_t timeout_ms() const;
  void verify(const std::vector<matrix::event_ptr>& events);
  void failed();
  /// Residents that have not said that they lack it; where there are none, servers that were residents.
  std::vector<std::string> who_may_know() const;
  /// The server that was asked last has none of it. @returns whether there is another to ask
  bool another_may_know();
  void take_verified(const std::vector<matrix::event_ptr>& events);
  bool ask_auth();
  void auth_failed();
  void finish();
  void complete(const store::events_loaded& known);
  bool is_asking_store() const { return pending_.count<question::known_history>() != 0; }

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  event_writer& writer_;
  event_import& import_;
  content_repair& repair_;
  redactions& redactions_;
  chat_notifier& notifier_;
  room_events& events_;
  std::optional<fetch> fetch_;
  alarm_time alarm_; ///< a server is asked again
};

} // namespace causeway::room
