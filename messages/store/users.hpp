#pragma once
#include "messages/federation_switches.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Users of the chat server, and where they are.
namespace causeway::store {

/// What is to be told the rooms a user of ours is in. Never renumber: it is on disk.
enum class user_update : std::uint8_t {
  none = 0,
  profile = 1, ///< the user's profile, as it is then
  leave = 2,   ///< the user leaves: it is deactivated
};
struct put_user {
  std::string user_id, chat_name, display_name, avatar_url;
  user_right may_federate = user_right::unsaid;
  invite_policy invites = invite_policy::allow; ///< of users of other servers
  std::int64_t deactivated_ts = 0;              ///< 0: is not
  user_update update = user_update::none;       ///< still to be told
  std::string fields = {};                      ///< of the profile further ones, a JSON object; empty: none
};

/// A user of ours has a membership in a room, or had one.
struct put_member_room {
  std::string room_id, user_id;
};
struct find_user {
  std::string user_id;
};
struct user_found {
  std::optional<put_user> user;
};

/// Rooms in which a user of ours has or had a membership, in an order that only the engine knows. Sees everything the
/// asking actor has written before. Bound: `limit`.
struct find_member_rooms {
  std::string user_id;
  std::int64_t after = 0; ///< `next` of an answer: the list goes on behind it
  std::size_t limit = 100;
};
struct member_rooms_found {
  std::vector<std::string> room_ids;
  std::int64_t next = 0; ///< 0: these are the last
};

} // namespace causeway::store
