#pragma once
#include "messages/fault.hpp"

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::gateway {

/// Which addresses outgoing requests may reach. A server name is chosen by strangers: without this, a well-known file
/// or a DNS record could aim the gateway at the operator's own network (server-side request forgery).
class address_policy {
public:
  /// @param allowed_networks  CIDR (`10.1.0.0/16`, `fd00::/8`, or one address), admitted although they are special
  /// @returns fault invalid_param that names the network it cannot read
  static result<address_policy> make(const std::vector<std::string>& allowed_networks);

  /// False for unspecified, loopback, private, shared, link-local, documentation, benchmark, multicast and reserved
  /// addresses, also where they hide in an IPv6 form (mapped, NAT64, 6to4), unless an allowed network holds them. Other
  /// address families: false.
  bool allows(const sockaddr& address) const;
  /// The same for a numeric address; false for anything else.
  bool allows(std::string_view numeric_address) const;

private:
  /// IPv4 is kept in its mapped form (::ffff:a.b.c.d), so one comparison serves both families.
  using bytes = std::array<std::uint8_t, 16>;
  struct network {
    bytes base{};
    unsigned bits = 0;
    bool holds(const bytes& x) const;
  };
  static result<network> parse(std::string_view text);
  bool allows(const bytes& x) const;

  std::vector<network> allowed_;
  std::vector<network> special_;
};

} // namespace causeway::gateway
