#pragma once
#include "actors/invitation/incoming_invitation.hpp"
#include "actors/invitation/invitation_record.hpp"
#include "actors/invitation/knock.hpp"
#include "actors/invitation/question.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <deque>
#include <string>

namespace causeway::invitation {

/// Leaves and bans of other servers about an invitation or knock to a room that we take no part in. Without the room's
/// state only the inviter can be believed, and only about this very invitation. One after the other.
class rescissions {
public:
  /// Those that wait, the one that is verified included.
  static constexpr std::size_t waiting_max = 10;

  rescissions(invitation_record& record, incoming_invitation& incoming, knock& knock)
      : record_(record), incoming_(incoming), knock_(knock) {}

  void receive(const rescission_received& m);
  /// @returns whether it was the answer to a question of this component
  bool verified(const events_verified& m);
  bool is_idle() const { return waiting_.empty(); }
  /// Whoever was asked may have failed with the question.
  void expire();

private:
  struct rescission {
    rescission_received told;
    matrix::event_ptr event;
  };
  /// Whether it ends what is open here.
  bool ends(const matrix::event& x) const;
  bool is_open() const;
  void verify();
  void answer(const rescission_received& m, const std::string& error);

  invitation_record& record_;
  incoming_invitation& incoming_;
  knock& knock_;
  std::deque<rescission> waiting_; ///< the first is being verified
  question<plain> verifying_;
};

} // namespace causeway::invitation
