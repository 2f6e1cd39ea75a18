#pragma once
#include "messages/fault.hpp"
#include "plugin/inspector/services.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace causeway::inspector {

struct web_settings {
  std::string listen;             ///< `ip:port`; port 0: any
  std::string token;              ///< empty: none, and nobody may change anything
  std::vector<std::string> hosts; ///< names by which a proxy is reached
};

/// The HTTP/1.1 listener of the operator's side: the page, the commands as JSON, server-sent events, metrics and health
/// checks (routes.hpp). One thread of its own, so that a request here never waits for one of the federation, nor the
/// other way round. Plain HTTP: on loopback, or behind a proxy.
///
/// Everything is bounded: connections, size of a request and the time it may take, viewers and what waits for each.
class web_server {
public:
  static constexpr std::size_t connections_max = 128;
  static constexpr std::size_t header_bytes_max = 16 * 1024;
  static constexpr std::size_t body_bytes_max = 64 * 1024;
  static constexpr int request_patience_s = 20; ///< for a whole request, and for each answer to be read
  static constexpr int idle_patience_s = 60;    ///< between requests
  static constexpr int answer_patience_s = 60;  ///< for the node's answer before 504; some commands ask other servers
  static constexpr int write_patience_s = 30;   ///< a viewer who takes nothing for so long is gone

  web_server(web_settings settings, std::shared_ptr<services> with);
  ~web_server(); ///< stops
  web_server(const web_server&) = delete;
  web_server& operator=(const web_server&) = delete;

  /// Binds and serves. @returns address_in_use, invalid_param, internal
  status start();
  /// As bound.
  std::uint16_t port() const;
  /// Ends all connections. None of the services is called after that. May be called twice.
  void stop();

  struct core; ///< what connections share

private:
  std::shared_ptr<core> core_;
  std::thread thread_;
};

} // namespace causeway::inspector
