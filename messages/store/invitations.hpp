#pragma once
#include "messages/chat/notifications.hpp"
#include "messages/invitation.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Invitations and knocks.
namespace causeway::store {

/// An invitation or a knock; kept after its end for queries.
struct put_invitation {
  std::string room_id, user_id;
  std::string room_version; ///< empty: not known yet
  std::string inviter;      ///< of a knock: who knocks, then who answered
  invitation_direction direction = invitation_direction::outgoing;
  invitation_state state = invitation_state::none; ///< of a row that is kept never `none`
  std::string reason;
  std::string event;                                 ///< the invite event, JSON; of a knock that is open its own
  std::string invite_room_state;                     ///< JSON array
  std::string chat_room_id;                          ///< as far as known
  std::optional<chat::room_type> type;               ///< likewise
  std::int64_t since_ts = 0;                         ///< of the state
  std::int64_t deadline_ts = 0;                      ///< 0: none
  std::uint32_t attempts = 0;                        ///< of the request under way
  std::int64_t retry_at_ts = 0;                      ///< 0: nothing to repeat
  next_request pending_request = next_request::none; ///< what is to be repeated
  std::vector<std::string> via;                      ///< servers a knock goes to; the first is the one that took it
  std::string last_fault; ///< why the last attempt of the request under way failed; empty: none has
};

/// There is none any more: another room has it.
struct remove_invitation {
  std::string room_id, user_id;
};
struct load_invitation {
  std::string room_id, user_id;
};
struct invitation_loaded {
  std::optional<put_invitation> invitation;
};

/// Which invitations are looked for; also their order in a list: `open` ones first, then the other `unsettled` ones,
/// then those that are over, of each the latest first.
enum class invitations_wanted : std::uint8_t {
  all,
  open,      ///< the invited user may still answer
  unsettled, ///< those, and all of which another server has still to be told or asked something
};

/// A place in the list of invitations: that of the one given last. Its numbers mean something to the engine only.
struct invitation_place {
  std::int64_t rank = 0, since_ts = 0, number = 0;
  bool operator==(const invitation_place&) const = default;
};

/// Bound: `limit` and `bytes_max`.
struct find_invitations {
  std::string room_id, user_id; ///< empty: any
  invitations_wanted which = invitations_wanted::all;
  std::optional<invitation_place> after = {}; ///< the list goes on after it; absent: from its beginning
  std::size_t limit = 1'000;
  std::size_t bytes_max = 512 * 1024; ///< of the texts together; the first invitation always fits
};
struct invitations_found {
  std::vector<put_invitation> invitations; ///< without `event` and `invite_room_state`
  std::optional<invitation_place> next;    ///< others follow after this place; absent: these are all
};

} // namespace causeway::store
