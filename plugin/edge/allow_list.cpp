#include "plugin/edge/allow_list.hpp"

#include "config/endpoints.hpp"

#include <spdlog/spdlog.h>

#include <array>

namespace causeway::edge {
namespace {

constexpr const char* zap_endpoint = "inproc://zeromq.zap.01";
constexpr std::size_t key_bytes = 32;
constexpr std::size_t key_text_bytes = 41; ///< Z85 and the terminating zero

std::optional<role> role_named(std::string_view word) {
  for (const auto r : {role::chat, role::gateway, role::inspector, role::admin})
    if (name(r) == word) return r;
  return {};
}

/// Of another node of this homeserver, which passes on what it is asked itself.
constexpr std::string_view node_word = "node";

/// Without a name. @returns none: no such word
std::optional<allowed_peer> peer_of(std::string_view word) {
  if (word == node_word) return allowed_peer{role::gateway, {}, true};
  if (const auto found = role_named(word)) return allowed_peer{*found, {}, false};
  return {};
}

bool may_use(const allowed_peer& peer, std::string_view domain) {
  if (peer.is_node) return domain == name(role::gateway) || domain == name(role::chat) || domain == name(role::node);
  return name(peer.peer_role) == domain || (peer.peer_role == role::inspector && domain == name(role::admin));
}

} // namespace

status allow_list::replace(const std::vector<config::edge_peer>& peers) {
  std::map<std::string, allowed_peer> listed;
  for (const auto& peer : peers) {
    auto admitted = peer_of(peer.role);
    if (!config::is_curve_key(peer.public_key))
      return {fault_code::invalid_param, "edge.peers: the public key of " + peer.name + " is not 40 characters of Z85"};
    if (!admitted) return {fault_code::invalid_param, "edge.peers: " + peer.role + " is no role"};
    if (peer.name.empty()) return {fault_code::invalid_param, "edge.peers: a peer has no name"};
    admitted->name = peer.name;
    if (!listed.emplace(peer.public_key, *std::move(admitted)).second)
      return {fault_code::invalid_param, "edge.peers: the public key of " + peer.name + " is there twice"};
  }
  peers_ = std::move(listed);
  return ok();
}

result<allow_list> allow_list::open(zmq::context_t& context, const std::vector<config::edge_peer>& peers) {
  allow_list list;
  if (auto fine = list.replace(peers); !fine) return fine.error();
  try {
    list.socket_ = zmq::socket_t{context, zmq::socket_type::rep};
    list.socket_.set(zmq::sockopt::linger, 0);
    list.socket_.bind(zap_endpoint);
  } catch (const zmq::error_t& e) {
    return {e.num() == EADDRINUSE ? fault_code::address_in_use : fault_code::internal,
            std::string{zap_endpoint} + ": " + e.what() + "; one edge per context"};
  }
  return list;
}

std::uint64_t allow_list::answer() {
  // Frames: version, request id, domain, address, routing id, mechanism, credentials.
  enum : std::size_t { version, request_id, domain, address, routing_id, mechanism, credentials, count };
  std::uint64_t refused = 0;
  for (;;) {
    std::array<zmq::message_t, count> parts;
    std::size_t received = 0;
    bool more = true;
    while (more) {
      zmq::message_t part;
      if (!socket_.recv(part, received == 0 ? zmq::recv_flags::dontwait : zmq::recv_flags::none)) return refused;
      more = part.more();
      if (received < count) parts[received] = std::move(part);
      ++received;
    }
    const allowed_peer* peer = nullptr;
    std::string key;
    if (received == count && parts[version].to_string_view() == "1.0" && parts[mechanism].to_string_view() == "CURVE" &&
        parts[credentials].size() == key_bytes) {
      std::array<char, key_text_bytes> text{};
      zmq_z85_encode(text.data(), parts[credentials].data<std::uint8_t>(), key_bytes);
      key = text.data();
      const auto found = peers_.find(key);
      if (found != peers_.end() && may_use(found->second, parts[domain].to_string_view())) peer = &found->second;
    }
    if (peer == nullptr) {
      ++refused;
      spdlog::warn("E521 edge handshake refused key={} domain={} address={}", key, parts[domain].to_string(),
                   parts[address].to_string());
    }
    const std::string_view word = peer == nullptr ? "" : peer->is_node ? node_word : name(peer->peer_role);
    const std::string user = peer == nullptr ? "" : std::string{word} + "/" + peer->name;
    const std::string_view answer[] = {"1.0",
                                       parts[request_id].to_string_view(),
                                       peer ? "200" : "400",
                                       peer ? "OK" : "this key is not on the list",
                                       user,
                                       ""};
    for (const auto& part : answer)
      socket_.send(zmq::buffer(part), &part == std::end(answer) - 1 ? zmq::send_flags::none : zmq::send_flags::sndmore);
  }
}

std::optional<allowed_peer> allow_list::sender(const zmq::message_t& part) {
  const char* user = zmq_msg_gets(part.handle(), "User-Id");
  if (user == nullptr) return {};
  const std::string_view text{user};
  const auto slash = text.find('/');
  auto peer = peer_of(text.substr(0, slash));
  if (slash == std::string_view::npos || !peer) return {};
  peer->name = text.substr(slash + 1);
  return peer;
}

} // namespace causeway::edge
