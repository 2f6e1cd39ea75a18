#pragma once
#include "actors/room/receipt_intake.hpp"
#include "actors/room/typing.hpp"

namespace causeway::room {

/// EDUs of other servers about the room: each kind goes to its component.
class room_edus {
public:
  room_edus(const room_state& room, decision& out) : typing_(room, out), receipts_(room, out) {}

  void receive(const edu_received& m) { typing_.receive(m); }
  void receive(const receipts_received& m) { receipts_.receive(m); }
  void observe(const std::vector<state_change>& changes) { receipts_.observe(changes); }
  void send_servers(const room_servers_request& m) { receipts_.send_servers(m); }
  time_ms deadline() const { return typing_.deadline(); }
  void on_deadline() { typing_.on_deadline(); }
  bool is_idle() const { return typing_.is_idle(); }

private:
  typing typing_;
  receipt_intake receipts_;
};

} // namespace causeway::room
