#pragma once
#include "messages/edge/header.hpp"
#include "messages/fault.hpp"
#include "shared_state.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace causeway::client {

/// One who waits for the answer to a command.
struct call {
  std::string name, header, body;
  std::size_t weight = 0;                    ///< of the command credit
  std::optional<result<std::string>> answer; ///< guarded by the mutex of shared_state
};

/// Commands without a RESULT. They are sent in the order they were begun, within the credit the broker gives, again on
/// every new connection and when the broker had no room for them. The I/O thread's alone.
class open_calls {
public:
  /// Hands a COMMAND to the socket. @returns false: it has no room, or something waits there already
  using sender = std::function<bool(const call&)>;

  open_calls(shared_state& shared, sender send) : shared_(shared), hand_over_(std::move(send)) {}

  /// A second call of an id joins the first.
  void begin(const std::string& id, const std::shared_ptr<call>& x);
  /// It waits no longer; a command that nobody waits for is not sent any more.
  void leave(const std::string& id, const std::shared_ptr<call>& x);
  /// Sends what may be sent.
  void send();
  /// A RESULT; where the broker is short of room the command is sent again after a moment.
  void answered(const std::string& id, const result<std::string>& answer);
  void end(const std::string& id, const result<std::string>& answer);
  /// Answers everybody. The caller holds the mutex.
  void end_all(const fault& why);

  /// There is a new connection: everything is sent again. `send` begins with it.
  void connected(const edge::credit_grant& credit);
  void disconnected();
  void on_tick(std::chrono::steady_clock::time_point now);

  /// Of an open command; empty: there is none of this id.
  std::string name_of(const std::string& id) const;
  std::size_t size() const { return calls_.size(); }
  bool is_blocked() const { return is_blocked_; }

private:
  /// All who wait for the answer to one command.
  struct same_calls {
    std::uint64_t number = 0; ///< of its first: commands are sent in this order
    std::vector<std::shared_ptr<call>> all;
  };

  void not_sent(const std::string& id);

  shared_state& shared_;
  const sender hand_over_;
  bool is_connected_ = false;
  edge::credit_grant credit_;
  std::map<std::string, same_calls> calls_; ///< by id
  /// Number -> id of those that are not sent on this connection.
  std::map<std::uint64_t, std::string> waiting_;
  std::uint64_t last_number_ = 0;
  std::map<std::string, std::size_t> sent_; ///< id -> bytes, sent on this connection
  std::uint64_t sent_bytes_ = 0;
  bool is_busy_ = false; ///< the broker is short of room
  std::chrono::steady_clock::time_point busy_until_;
  bool is_blocked_ = false; ///< a command found the socket full
};

} // namespace causeway::client
