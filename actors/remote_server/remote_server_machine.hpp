#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/effects.hpp"
#include "actors/incarnation.hpp"
#include "actors/remote_server/deferred_writes.hpp"
#include "actors/remote_server/error_ring.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "actors/remote_server/inbound_calls.hpp"
#include "actors/remote_server/inbound_transactions.hpp"
#include "actors/remote_server/key_cache.hpp"
#include "actors/remote_server/notary_client.hpp"
#include "actors/remote_server/open_requests.hpp"
#include "actors/remote_server/peer_requests.hpp"
#include "actors/remote_server/request_authenticator.hpp"
#include "actors/remote_server/server_events.hpp"
#include "actors/remote_server/store_questions.hpp"
#include "actors/remote_server/transaction_queue.hpp"

#include <memory>
#include <string>

namespace causeway::remote_server {

/// Another homeserver: what we owe it, its keys, how it is doing, what it asks of us. Pure. The machine routes: a
/// message goes to the component whose business it is, an answer to the component that has asked, what one component
/// says to the others (`server_events`) to those concerned. It decides only when the actor ends.
class remote_server_machine : private server_events {
public:
  static constexpr timer_kind idle_timer = timer_kind::idle;

  remote_server_machine(const context& node, std::string server_name);
  remote_server_machine(const remote_server_machine&) = delete; // its components refer to each other
  remote_server_machine& operator=(const remote_server_machine&) = delete;

  effects on(const message& m, time_ms now);
  /// One JSON object for the operator: above all what the oldest waiting event waits for.
  std::string describe(time_ms now) const;
  /// Whether its work can wait behind that of others: the server fails, or has not answered anything since this actor
  /// was made, and has nothing of its own to be answered.
  bool may_wait() const;

private:
  void dispatch(const message& m);
  void loaded(const store::destination_loaded& from);
  void store_answer(const store_answered& m);
  void http_answer(const gateway::http_answer& m);
  void timer(const timer_due& m);
  void expire_requests();
  effects flush();
  /// Requests of the server that are answered with an error, for the operator.
  void note_refusals(const effects& list);
  bool is_idle() const;
  void maybe_end();

  // -- server_events
  void key_fetch_ended() override { notary_.check_waiting(); }
  void keys_changed(key_fetch state) override { authenticator_.retry(state); }
  bool requests_wait_for_keys() const override { return !authenticator_.is_idle(); }
  void keys_exhausted() override { authenticator_.retry_all(); }
  void authenticated(const inbound_request& m, std::shared_ptr<matrix::json::value> body) override;
  void queue_advanced() override { peer_requests_.send_due_invites(); }
  void queue_stopped() override { peer_requests_.send_held_invites(); }
  void queue_is_empty() override { maybe_end(); }
  void contacted() override;

  homeserver server_;
  decision out_;
  incarnation life_;
  deferred_writes deferred_writes_{out_};
  store_questions store_questions_{out_};
  open_requests open_requests_{server_, out_};

  // -- what we send
  transaction_queue transactions_{server_, out_, open_requests_, store_questions_, *this};
  peer_requests peer_requests_{server_, out_, open_requests_, transactions_, *this};

  // -- keys
  key_cache keys_{server_, out_, open_requests_, *this};
  notary_client notary_{server_, out_, open_requests_, keys_};

  // -- what the server asks of us
  request_authenticator authenticator_{server_, out_, keys_, *this};
  inbound_transactions inbound_transactions_{server_, out_, store_questions_, deferred_writes_};
  inbound_calls inbound_calls_{server_, out_, store_questions_};

  error_ring failed_;   ///< requests of ours
  error_ring returned_; ///< what we answered to the server's

  time_ms last_active_ = 0;  ///< somebody spoke to this actor
  time_ms last_contact_ = 0; ///< the server has answered, or proved a request to be its own
  time_ms looked_at_ = 0;    ///< when the store was last asked what is owed
};

} // namespace causeway::remote_server
