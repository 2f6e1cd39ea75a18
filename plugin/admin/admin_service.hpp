#pragma once
#include "messages/edge/frame.hpp"
#include "messages/message.hpp"
#include "messages/store.hpp"
#include "plugin/admin/rows.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace causeway::admin {

/// Who this broker is, for WELCOME and `keys`.
struct identity {
  std::string server_name;
  std::string version; ///< of the software
  std::string key_id, public_key_base64;
};

/// What the service needs of the node. Each function may be called from any thread and must not block; each callback is to be
/// called once, from any thread, also with a fault.
struct services {
  std::function<void(store::query, std::function<void(store::answer)>)> ask_store;
  /// How one actor is, as a JSON object; an empty text when it is not in memory. Must not load it.
  std::function<void(address, std::function<void(std::string json)>)> ask_status;
  std::function<void(std::function<void(std::vector<actor_row>)>)> list_actors;
  std::function<std::vector<alarm_row>()> list_alarms = [] { return std::vector<alarm_row>{}; };
  std::function<void(address, message)> tell;
  std::function<void(edge::connection, edge::frame)> send;
  std::function<std::int64_t()> now_ms; ///< milliseconds since 1970
};

/// Answers the `causeway` command: reads the store and asks actors how they are, never more than that (but `server.retry`). Holds
/// no state of a connection, so a client may reconnect at any time; HELLO is answered and not required.
///
/// Thread-safe. May be destroyed while answers are outstanding: they are dropped.
class admin_service {
public:
  admin_service(identity who, services with);
  ~admin_service();
  admin_service(const admin_service&) = delete;
  admin_service& operator=(const admin_service&) = delete;

  /// A frame of the admin endpoint. Anything malformed is answered with ERROR or a failed RESULT.
  void on_frame(const edge::connection& from, const edge::frame& x);

  /// Ends commands that have waited for more than `answer_timeout_ms`, with what is known by then. Call it about once a second;
  /// `on_frame` does so too.
  void expire();

  static constexpr std::int64_t answer_timeout_ms = 3'000;
  /// Commands under way before further ones are answered with `overloaded`.
  static constexpr std::size_t open_commands_max = 64;

private:
  class impl;
  std::shared_ptr<impl> impl_;
};

} // namespace causeway::admin
