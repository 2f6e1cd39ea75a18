#pragma once
#include "actors/remote_server/delivery_notifier.hpp"
#include "actors/remote_server/edu_queue.hpp"
#include "actors/remote_server/open_requests.hpp"
#include "actors/remote_server/pdu_queue.hpp"
#include "actors/remote_server/refusals.hpp"
#include "actors/remote_server/retry_schedule.hpp"
#include "actors/remote_server/server_events.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace causeway::remote_server {

/// What is owed to the server: one transaction in flight, its id and body on disk before the first attempt, the same
/// id until it is answered with 200. PDUs are never dropped; what the server refuses for good is set aside, so that
/// the rest goes on in order. The row of the destination is its state. Source: server-server-api, "Transactions".
/// Files: transaction_queue.cpp (send, repeat, back off), refused_transactions.cpp (what a server that is there
/// refuses).
class transaction_queue {
public:
  static constexpr timer_kind timer = timer_kind::send;
  /// A busy store is asked again after this.
  static constexpr time_ms store_retry_ms = 1'000;
  static constexpr std::uint64_t response_bytes_max = 1024 * 1024;

  transaction_queue(const homeserver& server, decision& out, open_requests& requests, store_questions& store,
                    server_events& events)
      : server_(server), out_(out), requests_(requests), events_(events), pdus_(server, out, store), edus_(server, out),
        notifier_(server, out) {
    destination_.server_name = server.name;
  }

  /// A transaction that was under way is repeated under its own id and with its own body until it is answered with 200.
  void load(const store::destination_loaded& from);
  void push(const pdu_queued& m);
  void push(const edu_queued& m);
  /// What waits is sent, unless something is under way or the server is in back-off.
  void advance();
  void on_timer() { advance(); }
  void answered(const gateway::http_answer& a);
  /// @param found  null: the store is busy
  void refilled(const store::destination_loaded* found);
  void newest_found(const store::destination_loaded* found);
  /// Asks the store whether it has something that is owed.
  void look_again() { pdus_.look_again(); }

  /// The server is there: the next attempt is made soon, unless it refuses what it gets.
  void on_contact();
  /// The next attempt is made as soon as the server may be tried again: something waits for what is queued.
  void hurry();
  /// The operator wants the next attempt now.
  void retry_now();
  /// The operator pauses the server, or ends that. What is under way ends first.
  void pause(const pause_request& m);
  /// Whether we federate with the server may have changed.
  void settings_replaced() { advance(); }

  /// Its pause is not over.
  bool is_backing_off() const;
  /// By the operator.
  bool is_paused() const { return destination_.paused_since_ts != 0; }
  /// Why nothing may be sent; none: it may. @returns federation_disabled, server_denied, peer_unreachable (paused)
  status sendable() const;
  std::uint32_t failures() const { return destination_.failures; }
  /// Whether an event is queued, in memory or on disk only, or under way.
  bool has_backlog() const { return !pdus_.is_empty() || !in_flight_.pdus.empty() || pdus_.has_more_in_store(); }
  /// Events queued or under way, in memory.
  std::size_t size() const { return pdus_.size() + in_flight_.pdus.size(); }
  bool has_more_in_store() const { return pdus_.has_more_in_store(); }
  /// By this actor.
  std::uint64_t delivered() const { return delivered_; }
  /// Whether an event, or a transaction of EDUs, is to be sent.
  bool owes() const { return has_backlog() || is_repeating(); }
  bool is_idle() const { return !owes() && edus_.is_empty(); }
  void describe(matrix::json::object& o, time_ms now) const;

private:
  /// What the server has not answered.
  enum class awaited : std::uint8_t {
    nothing,
    transaction,
    probe, ///< a transaction without content, after a refused one: does the server take any?
  };

  bool is_repeating() const { return !destination_.transaction_id.empty(); }
  bool is_busy() const { return awaited_ != awaited::nothing || pdus_.is_reading(); }
  void send_what_waits();
  void begin_transaction();
  void send_transaction();
  void put(const std::string& transaction_id, std::string body, awaited what);
  void on_delivered(const gateway::http_answer& a);
  std::map<std::string, std::string> refused_by_name(const gateway::http_answer& a);
  void end_transaction();
  /// Of the transaction under way and the queue, in the order in which they go; null: none is in memory.
  const queued_pdu* first_message() const;
  /// The chat server is notified of the delay, if the server is in back-off or excluded and this is the first that
  /// waits for it.
  void message_waits(const queued_pdu* message);
  /// @returns whether it was notified: then the row has to be written
  bool notify_delay(const queued_pdu* message);
  /// The event that is notified as delayed once the transaction under way has ended; empty: none.
  std::string still_delayed() const;
  /// For the rooms, which send first to whoever answers.
  void note_answering(bool answers) const;
  /// Of each event of the transaction under way.
  void hops(hop_stage stage, const gateway::http_answer* answer = nullptr) const;
  void failed(const std::string& why);
  /// @param pause_ms  until the next attempt
  void failed(const std::string& why, time_ms pause_ms);
  void bring_forward();
  /// Whoever has something for the server that can wait.
  void tell_alive();
  std::string next_transaction_id();
  std::string waits_for(time_ms now) const;

  // -- refused_transactions.cpp
  void refused(const gateway::http_answer& a);
  void send_probe();
  void probe_answered(const gateway::http_answer& a);
  void split_after_pause();
  /// The transaction under way is given up for a smaller one: its PDUs are the first of the queue again.
  void split();
  void drop_edus();
  void set_aside();

  const homeserver& server_;
  decision& out_;
  open_requests& requests_;
  server_events& events_;
  pdu_queue pdus_;
  edu_queue edus_;
  delivery_notifier notifier_;
  store::put_destination destination_;
  pdu_batch in_flight_;
  awaited awaited_ = awaited::nothing;
  retry_schedule schedule_;
  refusals refusals_;
  std::string refusal_;        ///< the last one, in words
  bool is_refused_ = false;    ///< the last failure was a refusal by a server that is there: contact says nothing new
  std::int64_t set_aside_ = 0; ///< events, ever
  std::uint64_t delivered_ = 0;
  time_ms began_at_ = 0; ///< this actor
  std::uint64_t last_transaction_ = 0;
};

} // namespace causeway::remote_server
