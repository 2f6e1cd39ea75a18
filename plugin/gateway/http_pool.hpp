#pragma once
#include "plugin/gateway/http_client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace causeway::gateway {

/// Several `http_client`s in one, each for its part of the servers, so that what libcurl does for all connections of a
/// client at once is short. About once a second it looks which idle ones have died, and closes those: where a thousand
/// servers die together, that held up the healthy ones for 65 ms. One Asio thread only.
class http_pool {
public:
  using id = http_client::id;
  /// Connections a part has at least: the servers that hang in it (attempt_gate bounds them for all parts) must not be
  /// all that it has room for.
  static constexpr long connections_per_part = 64;
  static constexpr long parts_max = 64;

  /// @param whole  bounds of all parts together
  /// @param seed   random: nobody outside can tell which servers share a part
  /// @throws std::runtime_error when libcurl gives no handle
  http_pool(boost::asio::io_context& io, const http_client_options& whole, const address_policy& policy,
            const trust_store& trust, std::uint64_t seed);

  /// As those of http_client.
  id start(https_call call, std::function<void(https_outcome)> done);
  void cancel(id which);
  void grant(id which, std::uint64_t bytes);
  /// Since the last question: beginnings of calls that took longer than `http_client::at_one_go_max`, together.
  std::chrono::nanoseconds take_held_up();

private:
  const std::string seed_;
  std::vector<std::unique_ptr<http_client>> parts_;
};

} // namespace causeway::gateway
