#pragma once
#include "actors/decision.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "actors/remote_server/store_questions.hpp"
#include "messages/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

namespace causeway::remote_server {

/// A PDU that is owed to the server.
struct queued_pdu {
  matrix::event_ptr event;
  std::string chat_room_id = {}, chat_message_id = {}; ///< what the chat server calls them, for notifications

  /// Of others the chat server is not notified.
  bool is_message() const { return event->type == "m.room.message"; }
};

/// PDUs of one transaction.
struct pdu_batch {
  std::vector<queued_pdu> pdus;
  std::vector<std::string> texts; ///< of `pdus` in this order; empty: to be written anew
};

/// The PDUs that are owed to the server, in the order in which it gets them: the oldest in memory, the rest in the
/// store. After a long outage the newest event of each room goes first: the server sees every room as it is now and
/// can fetch what it misses, while the rest follows in order. What is written meanwhile does not wait behind the
/// rest.
class pdu_queue {
public:
  /// Rooms whose newest event goes first after an outage.
  static constexpr std::size_t rooms_max = 1'000;

  pdu_queue(const homeserver& server, decision& out, store_questions& store)
      : server_(server), out_(out), store_(store) {}

  /// @returns those of the transaction under way, which are not in the queue
  std::vector<queued_pdu> load(const store::destination_loaded& from);
  /// @returns whether it is new and in memory; otherwise it is read from the store when its turn comes
  bool push(const pdu_queued& m);

  /// At most as many as the server takes at once.
  pdu_batch take();
  /// Those that were taken last come first again, fewer at once.
  void put_back(pdu_batch batch);
  /// The server has them, or they are given up.
  void completed(const std::vector<queued_pdu>& pdus);
  /// A transaction was taken: the next one may be larger.
  void grow() { at_once_ = std::min(at_once_ * 2, limits::pdus_per_transaction_max); }
  std::size_t at_once() const { return at_once_; }

  /// Reads what is in the store; nothing to do when it is being read, or has nothing.
  void refill();
  enum class refill_result : std::uint8_t {
    failed,     ///< the store is busy
    complete,   ///< it has nothing that is not in memory, or what it has does not fit
    incomplete, ///< something was written while it was read
  };
  refill_result refilled(const store::destination_loaded* found);
  /// A room may have failed between the commit that queued an event and the message about it.
  void look_again();
  /// The server is back after an outage: decides whether the newest events go first.
  void catch_up(time_ms failing_since);
  /// @param found  null: the store is busy; then all goes in order
  void newest_found(const store::destination_loaded* found);

  bool is_reading() const { return reading_ != reading::nothing; }
  bool needs_refill() const { return in_order_.empty() && more_in_store_ && newest_left_ == 0; }
  /// Nothing is in memory.
  bool is_empty() const { return in_order_.empty() && first_.empty(); }
  /// Nothing of the ordinary queue is in memory, and it is not being read.
  bool is_drained() const { return in_order_.empty() && reading_ != reading::next; }
  bool has_more_in_store() const { return more_in_store_; }
  bool is_catching_up() const { return catching_up_; }
  std::size_t size() const { return first_.size() + in_order_.size(); }
  /// Of the ordinary queue; null: none is in memory.
  const queued_pdu* oldest() const { return in_order_.empty() ? nullptr : &in_order_.front(); }
  /// Of those in memory, in the order in which they go; null: there is none.
  const queued_pdu* first_message() const;

private:
  /// What the store is asked for.
  enum class reading : std::uint8_t { nothing, next, newest };

  bool push_first(const queued_pdu& q);
  void send_first(std::vector<queued_pdu> newest);

  const homeserver& server_;
  decision& out_;
  store_questions& store_;
  std::deque<queued_pdu> in_order_;
  std::deque<queued_pdu>
    first_;                     ///< sent before `in_order_`: the newest event of each room, then what was written since
  std::size_t newest_left_ = 0; ///< how many at the front of `first_` are the former
  bool catching_up_ = false;    ///< what is written goes to `first_`
  std::unordered_set<std::string> ids_; ///< of all that is in memory, the transaction under way included
  bool more_in_store_ = false;
  reading reading_ = reading::nothing;
  bool missed_while_reading_ = false; ///< an event was left in the store, and the answer may be from before it
  std::size_t at_once_ = limits::pdus_per_transaction_max; ///< fewer after the server refused a whole transaction
};

} // namespace causeway::remote_server
