#pragma once
#include "messages/alternatives.hpp"
#include "messages/chat/asks.hpp"
#include "messages/chat/dead_letters.hpp"
#include "messages/chat/federation.hpp"
#include "messages/chat/invitations.hpp"
#include "messages/chat/lookups.hpp"
#include "messages/chat/media.hpp"
#include "messages/chat/members.hpp"
#include "messages/chat/messages.hpp"
#include "messages/chat/presence.hpp"
#include "messages/chat/receipts.hpp"
#include "messages/chat/roles.hpp"
#include "messages/chat/room_changes.hpp"
#include "messages/chat/rooms.hpp"
#include "messages/chat/users.hpp"

#include <cstddef>
#include <variant>

/// Commands of the chat contract, version 1: what a chat server asks of the broker. One struct per command, in the
/// header of its conversation; it says its fields, their bounds and its answer. Wherever a room, user or message is
/// named, the chat server's own id or the Matrix id may stand.
namespace causeway::chat {

using command_content =
  std::variant<room_create, room_join, room_knock, knock_retract, knock_reject, invite_send, invite_revoke,
               invite_answer, message_send, message_delete, member_leave, typing, user_profile, query_room,
               query_invitations, media_put, media_get, query_user, member_kick, member_ban, member_unban, query_banned,
               member_set_role, query_can, message_edit, reaction_add, reaction_remove, federation_configure,
               query_federation, user_may_federate, user_deactivate, room_set_name, room_set_topic, room_set_avatar,
               room_bind, message_bind, room_remove, room_upgrade, query_public_rooms, query_servers,
               query_verify_users, query_dead_letters, dead_letter_retry, dead_letter_drop, answer_user, mark_read,
               query_receipts, query_read_positions, set_presence, query_profile>;
/// As with `message`: what all alternatives are needed for is compiled once.
struct command : command_content {
  using content = command_content;
  command() noexcept;
  template <alternative_of<content> T>
  command(T x) noexcept : command(place_in<T, content>, &x) {}
  command(const command&);
  command(command&&) noexcept;
  command& operator=(const command&);
  command& operator=(command&&) noexcept;
  ~command();

private:
  command(std::size_t place, void* alternative) noexcept;
};

/// The contract's name of a command, e.g. "room.create".
const char* name(const command& x);

} // namespace causeway::chat
