#pragma once
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"
#include "plugin/edge/crossing_link.hpp"

#include <string>
#include <string_view>

namespace causeway::edge {

/// How a frame of a link looks on the ZeroMQ edge: EVENT with a parcel, ACK without one. Header: a msgpack map by name;
/// body: the message. `server_name` is that of the homeserver: an address that was given to somebody else meanwhile
/// must not get what is ours.
std::string encode_crossing_header(const link_frame& x, std::string_view server_name);
/// @returns faults bad_frame, which names the key; role_denied: it is of another homeserver
result<link_frame> decode_crossing(frame x, std::string_view server_name);

/// A header, bytes: two addresses of at most 255 bytes twice over, and numbers.
inline constexpr std::size_t crossing_header_bytes_max = 16 * 1024;

} // namespace causeway::edge
