#pragma once
#include "plugin/gateway/http_client.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace causeway::gateway {

/// Several `http_client`s in one, each for its part of the servers, so that what libcurl does for all connections of a
/// client at once is short. About once a second it looks which idle ones have died, and closes those: where a thousand
/// servers die together, that held up the healthy ones for 65 ms, and now for about one. One Asio thread only.
class http_pool {
public:
  using id = http_client::id;
  /// Connections a part has at least: a few servers that hang must not be all that it has room for.
  static constexpr long connections_per_part = 64;
  static constexpr std::size_t parts_max = 64;

  /// @param whole  bounds of all parts together
  /// @throws std::runtime_error when libcurl gives no handle
  http_pool(boost::asio::io_context& io, const http_client_options& whole, const address_policy& policy,
            const trust_store& trust);

  /// As those of http_client.
  id start(https_call call, std::function<void(https_outcome)> done);
  void cancel(id which);
  void grant(id which, std::uint64_t bytes);

private:
  std::vector<std::unique_ptr<http_client>> parts_;
};

} // namespace causeway::gateway
