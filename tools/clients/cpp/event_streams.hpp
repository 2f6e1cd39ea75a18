#pragma once
#include "messages/edge/frame.hpp"
#include "messages/edge/header.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace causeway::client {

/// How far each stream has come: what was handed out, what the application is done with, and what the broker has still
/// to be told of it. The I/O thread's alone.
class event_streams {
public:
  using sender = std::function<void(edge::verb what, const std::string& header, const std::string& body)>;

  explicit event_streams(sender send) : send_(std::move(send)) {}

  /// @returns false: the event was handed out before, or is void
  bool is_new(std::uint32_t stream, std::int64_t cursor);
  /// The application is done with it and all before it.
  /// @param bindings  body of the ACK; empty: there are none
  void finish(std::uint32_t stream, std::int64_t cursor, const std::string& bindings);
  /// The application refuses an event.
  void refuse(const edge::nack_header& x);
  void seek(const edge::seek_header& x);
  /// What the broker has answered to a SEEK, or to a NACK that is not permanent.
  void positioned(const edge::sought_header& x);

  /// ACKs leave together, a moment after the first of them.
  void send_acks();
  bool has_acks() const { return !acks_.empty(); }
  std::chrono::steady_clock::time_point acks_due() const { return acks_due_; }

  /// There is a new connection. @param acked  stream, in decimal -> cursor that the broker has acknowledged last
  void connected(const std::map<std::string, std::int64_t>& acked);
  void disconnected();

private:
  struct request {
    bool is_seek = false;
    std::int64_t cursor = 0;
  };
  struct stream_state {
    std::int64_t seen = 0;     ///< highest cursor handed to the queue
    std::int64_t finished = 0; ///< highest acknowledged by the application
    /// Cursor -> body of an ACK with bindings that the broker may not have read.
    std::map<std::int64_t, std::string> bound;
    std::deque<request> asked; ///< NACKs and SEEKs without an answer: events that come meanwhile are void
  };

  void acknowledge(std::uint32_t stream, std::int64_t cursor);

  const sender send_;
  bool is_connected_ = false;
  std::map<std::uint32_t, stream_state> streams_;
  std::map<std::uint32_t, std::int64_t> acks_; ///< stream -> cursor: not sent yet
  std::chrono::steady_clock::time_point acks_due_;
};

} // namespace causeway::client
