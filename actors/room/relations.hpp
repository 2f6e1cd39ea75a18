#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"
#include "messages/store.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace causeway::room {

/// Edits and reactions: which of them count, what the chat server is told of them, and what it is told when one is
/// taken back. The store has a row of each; the latest edit and who has reacted are asked of it. Here is only what
/// waits: for what the store knows of its message, or for that message.
/// Source: client-server-api, "Event replacements", "Event annotations and reactions"; message_relations.hpp has the
/// rules.
class relations {
public:
  /// How long an edit or a reaction waits for its message, and how many do. What comes late, or what is the oldest of
  /// too many, does not wait any longer: of an edit its text is shown as a message of its own, a reaction is dropped.
  static constexpr time_ms wait_ms = 60'000;
  static constexpr std::size_t waiting_max = 1'000;

  relations(const room_state& room, decision& out, pending_questions& pending, chat_notifier& notifier)
      : room_(room), out_(out), pending_(pending), notifier_(notifier) {}

  /// What an earlier incarnation has not brought to an end, oldest first.
  void load(const std::vector<store::put_relation>& open);
  /// What an event says is known: it may be an edit or a reaction, or the message that some wait for.
  /// @param historical  see message_received
  void accepted(const matrix::event& x, bool historical);
  /// One of a user of ours was committed: it counts, and nobody is told.
  void made(const matrix::event& x);
  /// The row of an edit or a reaction that counts; nothing: it is neither.
  std::optional<store::put_relation> row_of(const matrix::event& x) const;
  /// Its event is redacted. @returns false: it was shown as a message, and is deleted like one
  bool taken_back(const store::put_relation& row, const matrix::event& redaction);
  /// What they relate to is redacted: they vanish with it.
  void target_redacted(const std::string& event_id);
  /// Nobody of ours is in the room any more.
  void abandon();

  void answered(const question::relation& q, const store_answered& m);
  void answered(const question::relation& q, const timed_out&);
  time_ms deadline() const { return alarm_.at(); }
  void on_deadline();
  void describe(matrix::json::object& o, time_ms) const {
    o.set("relations_waiting", static_cast<std::int64_t>(open_.size()));
  }
  bool is_idle() const { return open_.empty(); }

private:
  struct open_relation {
    store::put_relation row;
    std::uint64_t order = 0;    ///< of coming
    time_ms until = 0;          ///< how long it waits
    time_ms due = 0;            ///< when it is looked at by itself; 0: it is not
    bool asked = false;         ///< the store is
    bool again = false;         ///< its message came since
    bool waits_no_more = false; ///< its time is over
  };
  using open_map = std::map<std::string, open_relation>;

  void open(store::put_relation row);
  void expire_oldest();
  void look_up(open_relation& one);
  void due_at(open_relation& one, time_ms at);
  void close(open_map::iterator at);
  void looked_up(open_map::iterator at, const store::relations_loaded& found);
  /// Writes the row as what it is from now on.
  void stands(open_relation& one, store::relation_standing standing);
  /// The message with the text that counts now; without `mentions`, `historical` and `ts`.
  chat::message_edited shown_now(const store::relations_loaded& found) const;
  void tell_edited(const store::relations_loaded& found, bool historical);
  void tell_added(const store::put_relation& row, const store::relations_loaded& found);
  void tell_taken_back(const store::put_relation& row, const store::relations_loaded& found);

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  chat_notifier& notifier_;
  open_map open_; ///< by event id; bounded
  std::uint64_t last_order_ = 0;
  alarm_time alarm_;
};

} // namespace causeway::room
