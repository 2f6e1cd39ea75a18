#pragma once
#include "actors/decision.hpp"
#include "actors/room/room_state.hpp"
#include "messages/receipts.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace causeway::room {

/// What users of other servers have read: of a server that the room admits, and of its members only. Whether a marker
/// moves is decided by the receipts actor. Source: server-server-api, "Receipts", "Server ACLs".
class receipt_intake {
public:
  receipt_intake(const room_state& room, decision& out) : room_(room), out_(out) {}

  /// Servers that come into the room with one change of its state; of more nobody is told what was read before.
  static constexpr std::size_t newcomers_max = 20;

  void receive(const receipts_received& m);
  /// The current state has changed. A server whose first member has joined is owed what ours have read.
  void observe(const std::vector<state_change>& changes);
  /// Who is told what ours have read.
  void send_servers(const room_servers_request& m);

private:
  const room_state& room_;
  decision& out_;
};

/// The other servers in the room, sorted.
std::vector<std::string> other_servers(const room_state& room);

} // namespace causeway::room
