#pragma once
#include "actors/decision.hpp"
#include "actors/remote_server/held_invites.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "actors/remote_server/open_requests.hpp"
#include "actors/remote_server/server_events.hpp"
#include "actors/remote_server/transaction_queue.hpp"

#include <string>
#include <vector>

namespace causeway::remote_server {

/// Requests that other actors send to the server (`peer_request`): each has exactly one answer, at once where the
/// server is not to be asked now. An invite waits behind the events that were queued before it. What the server does
/// not know is repeated in the form of version 1.
class peer_requests {
public:
  static constexpr timer_kind invites_timer = timer_kind::invites;

  peer_requests(const homeserver& server, decision& out, open_requests& requests, transaction_queue& transactions,
                server_events& events)
      : server_(server), out_(out), requests_(requests), transactions_(transactions), events_(events) {}

  void take(const peer_request& m);
  void answered(const relayed_request& r, gateway::http_answer a);
  /// Sends the invites whose turn has come: events left the queue, or they have waited long enough.
  void send_due_invites();
  void on_invites_timer() { send_due_invites(); }
  /// The queue does not move: the attempt of each invite finds out whether the server is there, and may take what
  /// transactions cannot bring.
  void send_held_invites() { send_all(held_invites_.give_up()); }
  bool is_idle() const { return held_invites_.empty(); }

private:
  void refuse(const peer_request& m, fault why);
  void refuse_for_pause(const peer_request& m, time_ms left_ms);
  void send(const peer_request& m, relayed_request::form in);
  void send_all(const std::vector<peer_request>& list);
  void hold(const peer_request& m);

  const homeserver& server_;
  decision& out_;
  open_requests& requests_;
  transaction_queue& transactions_;
  server_events& events_;
  held_invites held_invites_;
};

} // namespace causeway::remote_server
