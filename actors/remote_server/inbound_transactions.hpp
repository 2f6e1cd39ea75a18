#pragma once
#include "actors/decision.hpp"
#include "actors/remote_server/deferred_writes.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "actors/remote_server/store_questions.hpp"
#include "messages/matrix/transaction.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace causeway::remote_server {

/// PUT /send of the server: one transaction at a time, taken apart by room, answered when each room has its share on
/// disk. A repetition gets the answer of the first copy. Source: server-server-api, "Transactions".
class inbound_transactions {
public:
  static constexpr timer_kind timer = timer_kind::receiving;
  /// A room that failed meanwhile answers no more: the sender is told to repeat.
  static constexpr time_ms handling_ms_max = 50'000;
  /// Answers that are kept in memory; older ones are known by the ids of their events.
  static constexpr std::size_t recent_answers_max = 8;
  static constexpr std::uint32_t repeat_after_ms = 1'000;

  inbound_transactions(const homeserver& server, decision& out, store_questions& store, deferred_writes& deferred)
      : server_(server), out_(out), store_(store), deferred_(deferred) {}

  /// @param body  null when it was not parsed so far, or there is none
  void receive(const inbound_request& m, std::shared_ptr<matrix::json::value> body);
  /// @param found  null: the store is busy, and the transaction counts as new
  void repetition_found(token asked, const store::received_transaction_found* found);
  /// A room has its share.
  void handled(const pdus_handled& m);
  void on_timer();
  /// Events received by this actor.
  std::uint64_t received() const { return received_pdus_; }
  bool is_idle() const { return !current_; }

private:
  struct transaction {
    std::string id;
    time_ms since = 0;
    std::vector<std::pair<std::string, std::uint64_t>> waiting = {}; ///< (gateway, request) that wait for the answer
    /// The body: parsed already, or as it came. Both are let go of when it is taken apart.
    std::shared_ptr<matrix::json::value> body = nullptr;
    std::shared_ptr<const gateway::federation_request> request = nullptr;
    token repetition_token = 0; ///< the store is asked whether it is one
    std::set<token> rooms = {}; ///< whose share is open
    std::vector<pdu_outcome> outcomes = {};
    bool is_overloaded = false; ///< a room has too much under way
  };

  void begin();
  void hand_to_rooms(std::vector<matrix::json::object> pdus);
  void hand_on(const std::vector<matrix::edu>& edus);
  void hand_on_receipts(const matrix::json::object& content);
  void hand_on_presence(const matrix::json::object& content);
  void end();
  /// Answers all who wait, and forgets it.
  void answer(int status, const std::string& body);

  const homeserver& server_;
  decision& out_;
  store_questions& store_;
  deferred_writes& deferred_;
  std::optional<transaction> current_;
  std::deque<std::pair<std::string, std::string>> recent_answers_; ///< (transaction id, answer), newest last
  bool is_first_ = true; ///< nothing was received since this actor began: a repetition may be older than it
  bool is_timer_set_ = false;
  std::uint64_t received_pdus_ = 0;
};

} // namespace causeway::remote_server
