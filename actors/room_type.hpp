#pragma once
#include "messages/chat/commands.hpp"
#include "messages/matrix/event.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace causeway {

/// What is known of a room that the chat server has not made: of an invitation what came with it, of a room we are in
/// its state.
struct room_traits {
  bool is_direct = false;     ///< the invite of one of ours says so
  bool is_typed = false;      ///< m.room.create names a type (a space): it is no conversation
  bool has_name = false;      ///< a name, or an alias that stands for one
  std::string join_rule = {}; ///< empty: not told, which means invite
  std::size_t people = 0;     ///< joined or invited, as far as told
};

/// The type of a room for the chat server. Matrix has no types of rooms: direct messages are a matter of each user's
/// own list, which does not federate. So this is inferred, as Rocket.Chat does it: the first line that fits.
///
///     is_direct  typed  name  others may come  people  type
///     yes                                      3..     group_dm
///     yes                                              dm
///                yes                                   channel
///                       yes                            channel   named by somebody: made to be found again
///                             yes                      channel   public, knock, restricted
///                                              3..     group_dm
///                                                      dm        nobody but the invited, and it is called after them
chat::room_type infer_room_type(const room_traits& x);

/// Whether an invite says of itself that it is one to a direct message, between two or more.
bool is_direct(const matrix::event& invite);

/// Traits of the room one of ours is invited to.
/// @param invite_room_state  JSON array of events, stripped or whole: another server's word; malformed entries are
/// passed over
room_traits traits_of_invite(const matrix::event& invite, const matrix::json::value& invite_room_state);

/// What the room is that one of ours is invited to.
/// @param invite_room_state  as above, all that was told; null: nothing
chat::room_type type_of_invited(const matrix::event& invite, const matrix::json::value* invite_room_state);

/// Counts one more state event of the room.
void take_trait(room_traits& into, std::string_view type, std::string_view state_key,
                const matrix::json::object& content);

} // namespace causeway
