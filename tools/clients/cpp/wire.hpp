#pragma once
#include "causeway_client.hpp"
#include "messages/edge/unsent_frames.hpp"

#include <zmq.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace causeway::client {

/// The socket to the broker with its monitor, and the frames it has not taken yet. The I/O thread's alone.
class wire {
public:
  struct readiness {
    bool is_readable = false, is_woken = false, has_changed = false;
  };

  explicit wire(const options& o) : options_(o) {}

  /// A new socket in place of the one there was.
  void open();
  /// Waits until something comes, `wake` (a file descriptor) can be read, or the connection changes.
  /// @param wants_room  whether a socket that has room again is a reason as well
  readiness wait(int wake, bool wants_room, std::chrono::milliseconds timeout);
  /// What became of the connection, one change after the other. @returns true: there is one; false: it is lost;
  /// nothing: no more changes
  std::optional<bool> next_change();
  /// @returns false: nothing has come
  bool receive(edge::frame& x);

  /// Hands a message to the socket. @returns false: it has no room, or no connection; nothing of the message was taken
  bool take(edge::verb what, const std::string& header, const std::string& body);
  /// Hands it over, or keeps it, in order, behind what waits. @returns false: it was dropped at the bound
  bool offer(edge::verb what, const std::string& header, const std::string& body);
  /// The same of what must not be left out: at the bound the connection has to begin anew.
  /// @returns false: it is to begin anew from now on
  bool send(edge::verb what, const std::string& header, const std::string& body);
  /// Sends what waits, as far as the socket takes it. @returns true: nothing waits any more
  bool flush() { return unsent_.flush(taker()); }
  /// The same, and waits for room.
  void drain(std::chrono::milliseconds timeout);
  /// What waits was for a connection that is no more.
  void forget_unsent() { unsent_.clear(); }

  std::size_t unsent() const { return unsent_.size(); }
  bool begins_anew() const { return begins_anew_; }

private:
  std::function<bool(const edge::frame&)> taker();

  const options& options_;
  zmq::context_t context_{1};
  zmq::socket_t socket_, monitor_;
  edge::unsent_frames unsent_;
  bool begins_anew_ = false; ///< what waits is at its bound
};

} // namespace causeway::client
