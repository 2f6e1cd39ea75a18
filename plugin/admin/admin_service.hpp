#pragma once
#include "messages/edge/frame.hpp"
#include "plugin/admin/desk.hpp"
#include "plugin/admin/services.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace causeway::admin {

/// Who asks, as the connection proves it.
struct asker {
  edge::role role = edge::role::inspector;
  std::string peer = {}; ///< name in the configuration; empty: the local socket
  asker(edge::role of, std::string named = {}) : role(of), peer(std::move(named)) {}
};

/// Answers the operator's commands (verbs.hpp): those of frames of the admin endpoint, and those of whoever asks within
/// the process. Holds no state of a connection, so a client may reconnect at any time; HELLO is answered and not
/// required.
///
/// Thread-safe. May be destroyed while answers are outstanding: they are dropped.
class admin_service {
public:
  /// @param with  outlives this
  admin_service(identity who, services& with);
  ~admin_service();
  admin_service(const admin_service&) = delete;
  admin_service& operator=(const admin_service&) = delete;

  /// A frame of the admin endpoint. Anything malformed is answered with ERROR or a failed RESULT.
  void on_frame(const edge::connection& from, const edge::frame& x);

  /// One command. `reply` is called once, at once or from any thread: with success and a JSON object, or with the JSON
  /// of a fault (fault_json). @param body  msgpack, see encode_arguments
  void ask(const asker& from, std::string_view command, std::string_view body, reply_function reply);

  /// Whether this node answers the command at all.
  bool answers(std::string_view command) const { return desk_->node().why_refused(command).code == fault_code::none; }

  /// Ends commands that have waited for more than `answer_timeout_ms`, with what is known by then. Call it about once a
  /// second; `on_frame` does so too.
  void expire();

  static constexpr std::int64_t answer_timeout_ms = desk::answer_timeout_ms;
  static constexpr std::size_t open_commands_max = desk::open_commands_max;

private:
  void on_hello(const edge::connection& from, const edge::frame& x) const;
  void on_ping(const edge::connection& from, const edge::frame& x) const;
  void on_command(const edge::connection& from, const edge::frame& x);

  std::shared_ptr<desk> desk_;
};

} // namespace causeway::admin
