#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// The outer shape of everything on the ZeroMQ edge: four frames `CW1 | verb | header | body`.
/// Header: a msgpack map. Body: msgpack (chat) or raw bytes (gateway). The magic is in every message because ZeroMQ
/// reconnects invisibly. Source: CONTRACT.md beside this folder's chat codec.
namespace causeway::edge {

inline constexpr std::string_view magic = "CW1";

/// One byte on the wire. Never renumber.
enum class verb : std::uint8_t {
  hello = 'H',
  welcome = 'W',
  command = 'C',
  result = 'R',
  event = 'E',
  ack = 'A',
  nack = 'N',
  credit = 'K',
  ping = 'P',
  pong = 'O',
  seek = 'S',
  bye = 'B',
  error = 'X',
};
bool is_verb(std::uint8_t byte);
std::string_view name(verb v);

/// Who may connect where; a CURVE allow-list or the endpoint gives it.
enum class role : std::uint8_t { chat, gateway, inspector, admin, node };
std::string_view name(role r);

/// One message without its routing id. `header` and `body` are still encoded.
struct frame {
  verb what = verb::error;
  std::string header;
  std::string body;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, frame& x) {
  return f(x.what, x.header, x.body);
}

/// A live connection as the edge knows it: the ROUTER's routing id and the endpoint it came by.
struct connection {
  std::uint32_t endpoint = 0; ///< index of the bound endpoint
  std::string routing_id;     ///< at most 255 bytes, binary
  role peer_role = role::chat;
  std::string peer_name; ///< from the CURVE allow-list; empty where the endpoint has no CURVE
  bool operator==(const connection&) const = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, connection& x) {
  return f(x.endpoint, x.routing_id, x.peer_role, x.peer_name);
}

} // namespace causeway::edge
