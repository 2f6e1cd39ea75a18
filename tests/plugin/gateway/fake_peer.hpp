#pragma once
#include "tests/plugin/gateway/certificates.hpp"
#include "tests/plugin/gateway/tls_socket.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace causeway::testing {

/// A homeserver's HTTPS end: answers raw requests with raw text, several connections at once.
class fake_peer {
public:
  /// @returns the whole answer with its head; empty: never answers
  using handler = std::function<std::string(const std::string& request)>;

  fake_peer(const certificate_files& files, handler answer);
  ~fake_peer();

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  /// SNI of the latest connection.
  std::string server_name_asked() const;

private:
  void accept_loop();
  void serve(int fd);

  std::shared_ptr<SSL_CTX> context_;
  handler answer_;
  std::uint16_t port_ = 0; // set while listen_fd_ is initialised
  int listen_fd_ = -1;
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::string server_name_asked_;
  std::vector<int> open_;
  std::vector<std::thread> workers_;
  std::thread thread_;
};

/// "HTTP/1.1 200 OK" with a JSON body.
std::string reply_json(const std::string& body, const std::string& more_headers = {});

/// A name server on loopback that knows a table.
class fake_dns {
public:
  struct service {
    std::uint16_t priority, weight, port;
    std::string target;
  };
  fake_dns();
  ~fake_dns();
  /// `ip:port` for the gateway's options.
  std::string address() const;
  void add_address(const std::string& name, const std::string& ipv4);
  void add_service(const std::string& name, service one);
  int queries(const std::string& name) const;

private:
  void run();
  std::string answer(const std::string& query);

  std::uint16_t port_ = 0; // set while fd_ is initialised
  int fd_ = -1;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> addresses_;
  std::map<std::string, std::vector<service>> services_;
  std::map<std::string, int> queries_;
  std::thread thread_;
};

} // namespace causeway::testing
