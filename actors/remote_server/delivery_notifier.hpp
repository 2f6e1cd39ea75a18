#pragma once
#include "actors/decision.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "actors/remote_server/pdu_queue.hpp"

#include <map>
#include <string>
#include <vector>

namespace causeway::remote_server {

/// What the chat server is notified of about messages on their way, as far as `federation.delivery_notifications`
/// asks for it. Of an outage: that one message waits, and what became of it (`put_destination::delayed_event_id`).
class delivery_notifier {
public:
  delivery_notifier(const homeserver& server, decision& out) : server_(server), out_(out) {}

  /// A message waits for a server that does not answer.
  /// @returns whether that is to be notified, and was
  bool delayed(const queued_pdu& message, const std::string& why);
  /// The server does not accept this one.
  void failed(const queued_pdu& pdu, const std::string& why);
  /// @param refused  event id -> why the server did not accept it
  /// @param delayed  id of the event that was notified as delayed; empty: none
  void delivered(const std::vector<queued_pdu>& pdus, const std::map<std::string, std::string>& refused,
                 const std::string& delayed);

private:
  bool wants_all() const;
  bool wants_outages() const;
  void notify(const queued_pdu& pdu, const char* state, const std::string& why);

  const homeserver& server_;
  decision& out_;
};

} // namespace causeway::remote_server
