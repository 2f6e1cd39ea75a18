#pragma once
#include "actors/bounded_set.hpp"
#include "actors/decision.hpp"
#include "actors/lazy_deque.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/directory_entry.hpp"
#include "actors/room/event_import.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/event.hpp"
#include "messages/remote_server.hpp"

#include <string>
#include <vector>

namespace causeway::room {

/// Whether something was taken out of an event that no redaction at hand explains.
bool is_stripped(const matrix::event& x);

/// Events that were taken without their content, since the copy at hand did not match its hash: their own servers are
/// asked for the whole, one after the other. Whoever brings the whole is heard, too.
class content_repair {
public:
  /// Events that are remembered at a time; those over it stay as they are until somebody sends the whole.
  static constexpr std::size_t wanted_max = 200;
  /// Whole events that wait for the store; whoever sends more has to send them again.
  static constexpr std::size_t restoring_max = 100;
  /// Events whose servers were asked are remembered that long.
  static constexpr std::size_t seen_max = 10'000;

  content_repair(const room_state& room, decision& out, pending_questions& pending, event_writer& writer,
                 const event_import& import, chat_notifier& notifier, directory_entry& entry, room_events& events)
      : room_(room), out_(out), pending_(pending), writer_(writer), import_(import), notifier_(notifier), entry_(entry),
        events_(events) {}

  /// Asks for the whole of these. Each is asked for once by each incarnation. @param giver  who gave them
  void repair(const std::vector<matrix::event_ptr>& stripped, const std::string& giver);
  /// The event is known; the copy at hand may have what the kept one lost.
  void offer(const node& kept, const matrix::event_ptr& copy);

  void answered(question::whole_event, const peer_answer& m);
  void answered(question::whole_event, const timed_out&) { ask_next(); }
  void answered(const question::kept_event& q, const store_answered& m);
  void answered(const question::kept_event&, const timed_out&) {} // whoever has the whole may send it again

private:
  struct stripped_event {
    std::string server, event_id;
  };
  void ask_next();
  void ask_for_kept(const matrix::event_ptr& copy);
  void restore(const matrix::event_ptr& copy, const store::stored_event& kept);

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  event_writer& writer_;
  const event_import& import_;
  chat_notifier& notifier_;
  directory_entry& entry_;
  room_events& events_;
  lazy_deque<stripped_event> wanted_;
  bounded_set seen_{seen_max};
};

} // namespace causeway::room
