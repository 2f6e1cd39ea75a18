#pragma once
#include "messages/probe.hpp"
#include "plugin/gateway/address_policy.hpp"
#include "plugin/gateway/tls_trust.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace causeway::gateway {

/// One address of a homeserver, looked at: TCP, TLS with its certificates, keys, version. A part of probe.hpp. One Asio
/// thread only.
class probe_connection {
public:
  struct target {
    std::string address; ///< numeric
    std::uint16_t port = 0;
    std::string host_header, tls_name, server_name;
    std::int64_t now_ms = 0; ///< wall clock when the probe began
  };
  using phase_sink = std::function<void(probe::phase)>;

  /// @param ended  called once, from the Asio thread, not before `start` has returned
  static std::shared_ptr<probe_connection> make(boost::asio::io_context& io, target to, const trust_store& trust,
                                                phase_sink phases, std::function<void()> ended);
  virtual ~probe_connection() = default;
  virtual void start(const address_policy& policy) = 0;
  /// What is known by now.
  virtual probe::connection report() const = 0;
};

} // namespace causeway::gateway
