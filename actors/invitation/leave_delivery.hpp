#pragma once
#include "actors/invitation/invitation_record.hpp"
#include "actors/invitation/server_question.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace causeway::invitation {

/// Tells another server of the leave that ends an invitation or a knock: make_leave and send_leave, one server of the
/// room after the other, for seven days. Source: server-server-api, "Leaving Rooms (Rejecting Invites)".
class leave_delivery {
public:
  leave_delivery(invitation_record& record, server_question& question) : record_(record), question_(question) {}

  /// @pre the next request is `leave`
  void begin();
  /// @param step  make_leave or send_leave
  void answered(server_request step, const peer_answer& m);
  /// The server that is told: of a knock the one that took it, else the inviter's, then others of the room in turn.
  std::string server() const;
  /// Servers that the room can be reached through; the inviter's first.
  std::vector<std::string> via() const;
  /// What follows concerns another invitation.
  void forget() { at_via_ = 0; }

private:
  void give_up();
  void try_next(const fault& why);
  void send(const peer_answer& made);

  invitation_record& record_;
  server_question& question_;
  std::size_t at_via_ = 0; ///< of `via()`, round and round
};

} // namespace causeway::invitation
