#pragma once
#include "messages/matrix/json.hpp"
#include "messages/remote_server.hpp"

#include <cstdint>
#include <memory>

namespace causeway::remote_server {

/// Whether the server itself is still being asked for its keys.
enum class key_fetch : std::uint8_t { open, ended };

/// What a component says to the others, by way of the actor: the machine alone knows whom it concerns.
class server_events {
public:
  virtual ~server_events() = default;

  // -- by key_cache
  /// The server itself has answered the question about its keys, or was not asked because it wants a pause.
  virtual void key_fetch_ended() = 0;
  /// What is known of the keys may have changed.
  virtual void keys_changed(key_fetch state) = 0;
  /// Whether a request of the server waits for a key.
  virtual bool requests_wait_for_keys() const = 0;
  /// Nobody is left to be asked for the keys.
  virtual void keys_exhausted() = 0;

  // -- by request_authenticator
  /// @param body  null when it was not parsed so far, or there is none
  virtual void authenticated(const inbound_request& m, std::shared_ptr<matrix::json::value> body) = 0;

  // -- by transaction_queue
  /// Events have left the queue, or it was read again.
  virtual void queue_advanced() = 0;
  /// A transaction was not taken: the queue does not move.
  virtual void queue_stopped() = 0;
  /// The store was read, and has nothing that is owed.
  virtual void queue_is_empty() = 0;

  // -- by peer_requests
  /// The homeserver itself has answered: it is there.
  virtual void contacted() = 0;
};

} // namespace causeway::remote_server
