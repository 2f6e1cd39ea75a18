#pragma once
#include "actors/decision.hpp"
#include "actors/remote_server/history_calls.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "actors/remote_server/request_budget.hpp"
#include "actors/remote_server/store_questions.hpp"

#include <memory>

namespace causeway::remote_server {

/// Requests of the server but for PUT /send, once it is known that they are its: each is handed on to whom it
/// concerns, within what one server may ask for.
class inbound_calls {
public:
  static constexpr timer_kind timer = timer_kind::calls;
  static constexpr std::uint32_t repeat_after_ms = 1'000;

  inbound_calls(const homeserver& server, decision& out, store_questions& store)
      : server_(server), out_(out), store_(store) {}

  /// @param body  null when it was not parsed so far, or there is none
  void receive(const inbound_request& m, std::shared_ptr<matrix::json::value> body);
  /// @param found  null: the store is busy
  void event_found(const event_question& asked, const store::events_loaded* found);
  /// One was answered.
  void answered(const call_answered& m);
  void on_timer();
  bool waits_for_store() const { return store_.is_open<event_question>(); }
  bool is_idle() const { return !waits_for_store() && history_.waiting() == 0; }

private:
  void hand_on(const inbound_request& m, const federation_call& call);
  void hand_to_room(const inbound_request& m, const federation_call& call);
  void hand_on_waiting();

  const homeserver& server_;
  decision& out_;
  store_questions& store_;
  request_budget budget_;
  history_calls history_;
  bool is_timer_set_ = false;
};

} // namespace causeway::remote_server
