#include "plugin/edge/relay_greeting.hpp"

#include "messages/edge/header.hpp"
#include "messages/limits.hpp"

#include <msgpack.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::edge {
namespace {

constexpr std::string_view name_key = "peer";

bool is_name(const msgpack::object& key) {
  return key.type == msgpack::type::STR && std::string_view{key.via.str.ptr, key.via.str.size} == name_key;
}

/// @pre `header` was read already, with all its bounds
std::string with_name(const std::string& header, const std::string& name) {
  const msgpack::unpack_limit limit{header_bytes_max, header_bytes_max, header_bytes_max,
                                    header_bytes_max, header_bytes_max, limits::msgpack_depth_max};
  const auto handle = msgpack::unpack(header.data(), header.size(), nullptr, nullptr, limit);
  const auto& map = handle.get().via.map;
  std::vector<const msgpack::object_kv*> kept;
  for (std::uint32_t i = 0; i < map.size; ++i)
    if (!is_name(map.ptr[i].key)) kept.push_back(&map.ptr[i]);
  msgpack::sbuffer out;
  msgpack::packer<msgpack::sbuffer> p{out};
  p.pack_map(static_cast<std::uint32_t>(kept.size() + 1));
  for (const auto* each : kept) {
    p.pack(each->key);
    p.pack(each->val);
  }
  p.pack(std::string{name_key});
  p.pack(name);
  return {out.data(), out.size()};
}

} // namespace

result<frame> greeting_of(const connection& from, frame hello) {
  if (from.peer_role != role::chat)
    return fault{fault_code::role_denied, "a peer of role " + std::string{name(from.peer_role)} + " is no chat server"};
  if (from.peer_name.empty()) return hello;
  const auto header = decode_header<hello_header>(hello.header);
  if (!header) return header.error();
  if (!header->peer.empty() && header->peer != from.peer_name)
    return fault{fault_code::role_denied, "the key belongs to another peer name"};
  try {
    hello.header = with_name(hello.header, from.peer_name);
  } catch (const std::exception& e) { // what was read once can be read again
    return fault{fault_code::bad_frame, std::string{"header: "} + e.what()};
  }
  return hello;
}

} // namespace causeway::edge
