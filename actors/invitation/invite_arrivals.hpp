#pragma once
#include "actors/invitation/arrived_invite.hpp"
#include "actors/invitation/incoming_invitation.hpp"
#include "actors/invitation/invitation_record.hpp"
#include "actors/invitation/question.hpp"
#include "messages/remote_server.hpp"
#include "messages/room.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace causeway::invitation {

/// PUT /invite of another server: its form, its signature, ours, and its place in the room. One after the other.
/// Source: server-server-api, "Inviting to a room".
class invite_arrivals {
public:
  /// Requests about the same invitation that wait for the first.
  static constexpr std::size_t waiting_max = 10;

  invite_arrivals(invitation_record& record, incoming_invitation& incoming) : record_(record), incoming_(incoming) {}

  void receive(const federation_call& m);
  /// @returns whether it was the answer to a question of this component
  bool verified(const events_verified& m);
  bool keys_are_here(const keys_response& m);
  void placed(const invite_placed& m);

  /// Whether the directory has counted this invite at the door: the last that came this way.
  bool has_counted(const std::string& event_id) const { return counted_ == event_id; }
  bool is_idle() const { return !open_; }
  /// Whoever was asked may have failed with the question.
  void expire();

private:
  enum class step : std::uint8_t { verifying, inviters_keys, placing };
  struct arrival {
    federation_call call;
    arrived_invite invite;
  };
  /// @returns nothing: it was refused
  std::optional<arrival> read(const federation_call& m);
  std::optional<fault> problem_with(const matrix::event& x, const federation_call& m) const;
  token ask(step what) { return at_.ask(record_.out, what, record_.patience_ends()); }
  void place();
  void answer(const fault& why);

  invitation_record& record_;
  incoming_invitation& incoming_;
  std::optional<arrival> open_;
  question<step> at_;
  std::deque<federation_call> waiting_;
  std::string counted_;
};

} // namespace causeway::invitation
