#pragma once
#include "messages/chat/commands.hpp"
#include "messages/edge/header.hpp"

#include <zmq.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace causeway::bench {

enum class events_to_ask : std::uint8_t { no, yes };

/// A chat server that sends commands, many at once, and acknowledges events unread: as little as a load program can do.
/// For one thread at a time.
class chat_peer {
public:
  /// Connects and greets; ends the program when the broker does not answer within 10 s.
  chat_peer(const std::string& endpoint, const std::string& peer, events_to_ask events);

  /// Sends a command; `on_result` is called from `poll` with the msgpack body of a successful RESULT. A failed one ends
  /// the program.
  void send(const chat::command& command, std::function<void(const std::string&)> on_result);
  std::size_t open() const { return open_.size(); }
  /// Waits up to `timeout_ms` for something and handles all that is there.
  void poll(int timeout_ms);
  /// Sends and waits for the RESULT.
  std::string call(const chat::command& command);
  /// EVENTs so far.
  std::size_t events() const { return events_; }
  /// Called from `poll` with the name and the msgpack body of every EVENT; none by default.
  std::function<void(const std::string&, const std::string&)> on_event;

private:
  void acknowledge();
  void handle(char verb, const std::string& header, const std::string& body);

  zmq::context_t context_;
  zmq::socket_t socket_;
  bool welcome_ = false;
  std::uint64_t last_id_ = 0;
  std::string id_prefix_;
  std::map<std::string, std::function<void(const std::string&)>> open_;
  std::map<std::uint32_t, std::int64_t> cursors_; ///< stream -> to be acknowledged
  edge::credit_grant used_;
  std::size_t events_ = 0;
};

/// The string under `key` of a msgpack map; empty when there is none.
std::string text_of(const std::string& answer, const char* key);

} // namespace causeway::bench
