#include "plugin/edge/session_names.hpp"

#include "messages/edge/header.hpp"

namespace causeway::edge {

/// Session of peers that give no name.
constexpr const char* nameless_session = "chat";

result<std::string> session_names::find(const connection& from, const frame& x) {
  if (from.peer_role != role::chat) return {fault_code::role_denied, "role " + std::string{name(from.peer_role)}};
  const key who{from.endpoint, from.routing_id};
  if (x.what != verb::hello) {
    if (!from.peer_name.empty()) return from.peer_name;
    const auto known = entries_.find(who);
    if (known == entries_.end()) return {fault_code::hello_required, std::string{name(x.what)} + " before HELLO"};
    recent_.splice(recent_.begin(), recent_, known->second.place);
    return known->second.session;
  }
  auto header = decode_header<hello_header>(x.header);
  if (!header) return header.error();
  if (!from.peer_name.empty()) {
    if (!header->peer.empty() && header->peer != from.peer_name)
      return {fault_code::role_denied, "the key belongs to another peer name"};
    return from.peer_name;
  }
  auto session = header->peer.empty() ? std::string{nameless_session} : std::move(header->peer);
  forget(from);
  if (entries_.size() >= connections_max_) {
    entries_.erase(recent_.back());
    recent_.pop_back();
  }
  recent_.push_front(who);
  entries_[who] = {session, recent_.begin()};
  return session;
}

std::string session_names::forget(const connection& gone) {
  if (!gone.peer_name.empty()) return gone.peer_name;
  const auto known = entries_.find({gone.endpoint, gone.routing_id});
  if (known == entries_.end()) return {};
  auto session = std::move(known->second.session);
  recent_.erase(known->second.place);
  entries_.erase(known);
  return session;
}

} // namespace causeway::edge
