#pragma once
#include "messages/address.hpp"
#include "messages/fault.hpp"
#include "messages/gateway.hpp"
#include "messages/message.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace causeway::media {

/// How the media service reaches the rest of the node. Any thread.
class environment {
public:
  virtual ~environment() = default;
  virtual void deliver(const address& to, message x) = 0;
  /// Answer of a federation_call; `gateway` and id as in the call.
  virtual void answer(const std::string& gateway, gateway::federation_answer x) = 0;
  /// Lets a stream go on, or ends it.
  virtual void grant_credit(gateway::stream_credit x) = 0;
  /// Asks a URL that belongs to no homeserver; `done` from any thread, once.
  virtual void fetch(gateway::http_request x, std::function<void(gateway::http_answer)> done) = 0;
  virtual void log_error(const std::string& what, const fault& why) = 0;
  virtual std::int64_t now() const = 0; ///< milliseconds since 1970
  /// Why files cannot be kept; empty: they can again.
  virtual void alarm(const std::string& why) = 0;
};

} // namespace causeway::media
