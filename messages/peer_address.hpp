#pragma once
#include <string>
#include <string_view>

namespace causeway {

/// Whom a network address counts as where something is shared out by address: an IPv4 address is one, of IPv6 everybody
/// has a whole /64.
/// @param address  `ip:port`, `[ipv6]:port` or the address alone
/// @returns e.g. `192.0.2.1` or `2001:db8:0:1::/64`; empty when it is no address
std::string peer_of(std::string_view address);

} // namespace causeway
