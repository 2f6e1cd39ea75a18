#pragma once
#include "messages/fault.hpp"

#include <string>
#include <string_view>

/// ZeroMQ endpoints and network addresses as the configuration names them. Pure text: nothing is resolved.
namespace causeway::config {

/// `ipc://path`, `tcp://host:port` or `inproc://name`; the port may be `*` (any free one) in a bind.
/// @returns fault invalid_param with the reason
status check_endpoint(std::string_view endpoint);
/// Whether other machines could reach a bind to this: such an endpoint needs CURVE. Anything not known to be local
/// counts.
/// @pre `check_endpoint` accepted it
bool is_remote_endpoint(std::string_view endpoint);

/// `ip:port` with a literal address (`[..]` around IPv6), as sockets are bound. Port 0: any free one.
status check_socket_address(std::string_view text);
/// `10.0.0.0/8`, `fd00::/8`; a single address without a prefix length is that address alone.
status check_network(std::string_view text);
/// 40 characters of Z85, as ZeroMQ writes CURVE keys.
bool is_curve_key(std::string_view text);

} // namespace causeway::config
