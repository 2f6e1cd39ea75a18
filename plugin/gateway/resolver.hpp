#pragma once
#include "plugin/gateway/discovery.hpp"
#include "plugin/gateway/fd_watch.hpp"

#include <boost/asio/steady_timer.hpp>

#include <ares.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace causeway::gateway {

/// DNS through c-ares on an Asio thread. Not safe for threads; callbacks come on that thread, sometimes before the
/// asking function returns (hosts file, numeric names), never after the resolver is gone.
class resolver {
public:
  struct addresses {
    std::vector<std::string> numeric; ///< in the order to try (RFC 6724); at most `addresses_max`
    std::chrono::seconds ttl{0};
  };
  struct services {
    std::vector<srv_record> records; ///< empty: there are none
    std::chrono::seconds ttl{0};
  };
  static constexpr std::size_t addresses_max = 16;

  /// @param dns_server  `ip:port`; empty: the system's
  /// @returns fault invalid_param (dns_server) or internal
  static result<std::unique_ptr<resolver>> make(boost::asio::io_context& io, const std::string& dns_server);
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;
  ~resolver();

  /// A and AAAA of `host`. Fault peer_unresolvable.
  void find_addresses(const std::string& host, std::function<void(result<addresses>)> done);
  /// SRV of `service`. No records is a value, so is a machine without DNS; fault peer_unresolvable: the lookup itself
  /// failed.
  void find_services(const std::string& service, std::function<void(result<services>)> done);

private:
  explicit resolver(boost::asio::io_context& io);
  void arm_timer();

  fd_watch watch_;
  boost::asio::steady_timer timer_;
  ares_channel channel_ = nullptr;
};

} // namespace causeway::gateway
