#pragma once
#include "actors/room/authoring.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/inbound_events.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace causeway::room {

/// room.remove. Matrix deletes no room: the open invitations are taken back, a channel that `by` owns is closed behind
/// those who go, and all of ours leave. Each step shows in the room, so that one that had to wait for the policy server
/// is not made twice. Contract: CONTRACT.md, "Removed rooms".
class room_removal {
public:
  /// Members of other servers who are removed from a channel that is closed: each is an event for every server of the
  /// room. In a larger one those who are left stay, among themselves.
  static constexpr std::size_t removed_max = 100;

  room_removal(const room_state& room, authoring& author, room_invitations& invitations, const inbound_events& inbound)
      : room_(room), authoring_(author), invitations_(invitations), inbound_(inbound) {}

  command_outcome run(const queued_command& c, const chat::room_remove& x);
  /// Who removes the room, while its members are leaving; empty: nobody does.
  const std::string& by() const { return by_; }

private:
  /// @returns false: the policy server is asked first
  bool close(const chat::room_remove& x);
  bool leave(const std::string& user, const chat::room_remove& x);
  /// Whoever has power over all of a channel of ours closes it; elsewhere others are at home.
  bool closes(const std::string& by) const;
  /// Why `author` said no.
  command_outcome unfinished();
  bool author(const draft& d, const std::vector<std::string>& further_servers = {});

  const room_state& room_;
  authoring& authoring_;
  room_invitations& invitations_;
  const inbound_events& inbound_;
  std::string by_;
  /// The command that is carried out, and of its steps those that were forbidden, by type and state key: it is run
  /// again from its beginning, and the policy server is not asked about them for ever.
  std::string of_;
  std::set<std::pair<std::string, std::string>> forbidden_;
  std::optional<fault> failed_; ///< why a step could not be decided
};

} // namespace causeway::room
