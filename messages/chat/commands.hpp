#pragma once
#include "messages/chat/invitations.hpp"
#include "messages/chat/media.hpp"
#include "messages/chat/members.hpp"
#include "messages/chat/messages.hpp"
#include "messages/chat/rooms.hpp"
#include "messages/chat/users.hpp"

#include <variant>

/// Commands of the chat contract, version 1: what a chat server asks of the broker. One struct per command, in the
/// header of its conversation; it says its fields, their bounds and its answer. Wherever a room, user or message is
/// named, the chat server's own id or the Matrix id may stand.
namespace causeway::chat {

using command = std::variant<room_create, room_join, room_knock, knock_retract, knock_reject, invite_send,
                             invite_revoke, invite_answer, message_send, message_delete, member_leave, typing,
                             user_profile, query_room, query_invitations, media_put, media_get, query_user>;

/// The contract's name of a command, e.g. "room.create".
const char* name(const command& x);

} // namespace causeway::chat
