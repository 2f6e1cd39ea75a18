#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Commands of the chat contract, version 1: what a chat server asks of the broker. One struct per command, one field per
/// key of the msgpack body. Wherever a room, user or message is named, the chat server's own id or the Matrix id may stand.
namespace causeway::chat {

enum class room_type : std::uint8_t { dm, group_dm, channel };
enum class visibility : std::uint8_t { private_, public_ };

/// `room.create` -> {matrix_room_id, room_version, invitations:[{user, state}]}
struct room_create {
  static constexpr const char* name = "room.create";
  std::string room;                     ///< the chat server's id; bound to the new Matrix room
  room_type type = room_type::dm;
  visibility access = visibility::private_; ///< key `visibility`: "private" | "public"; channels only
  std::optional<std::string> room_name; ///< key `name`
  std::optional<std::string> topic;
  std::optional<std::string> alias;     ///< localpart of an alias, channels only
  std::string creator;                  ///< local user
  std::vector<std::string> members;     ///< local users join at once, users of other servers are invited
  bool federated = true;                ///< false: ids of other servers are refused
};

/// `invite.send` -> {state}
struct invite_send {
  static constexpr const char* name = "invite.send";
  std::string room, by, user;
  std::optional<std::string> reason;
};

/// `invite.revoke` -> {state}
struct invite_revoke {
  static constexpr const char* name = "invite.revoke";
  std::string room, by, user;
  std::optional<std::string> reason;
};

/// `invite.answer` -> {state}; accepting waits for the join to finish.
struct invite_answer {
  static constexpr const char* name = "invite.answer";
  std::string room, user;
  bool accept = false;
  std::optional<std::string> reason;
};

/// `room.join` -> {matrix_room_id, room_version, state}; the answer waits for the join. A member already: the same answer.
struct room_join {
  static constexpr const char* name = "room.join";
  std::string room;                     ///< id of a room, or an alias (`#name:server`)
  std::string user;                     ///< local user
  std::vector<std::string> via;         ///< servers to join through, besides those the alias names
};

/// `message.send` -> {event_id}
struct message_send {
  static constexpr const char* name = "message.send";
  std::string room, sender;
  std::string message;                  ///< the chat server's id; bound to the event
  std::string text;                     ///< at most limits::authored_content_bytes_max together with html
  std::optional<std::string> html;
  std::optional<std::string> reply_to;  ///< message it answers
  std::optional<std::string> thread;    ///< root message of the thread
  std::vector<std::string> mentions;    ///< users; "@room" for everybody
};

/// `message.delete` -> {event_id} of the redaction
struct message_delete {
  static constexpr const char* name = "message.delete";
  std::string room, by;
  std::string message;                  ///< chat id or event id
  std::optional<std::string> reason;
};

/// `member.leave` -> {}
struct member_leave {
  static constexpr const char* name = "member.leave";
  std::string room, user;
  std::optional<std::string> reason;
};

/// `typing` (ephemeral: not kept, no idempotency) -> {}
struct typing {
  static constexpr const char* name = "typing";
  std::string room, user;
  bool is_typing = false;               ///< key `typing`
};

/// `user.profile` -> {user}; makes the user known to other servers.
struct user_profile {
  static constexpr const char* name = "user.profile";
  std::string user;                     ///< chat name or Matrix id
  std::optional<std::string> display_name;
  std::optional<std::string> avatar;    ///< mxc:// URI
};

/// `query.room` -> {room, matrix_room_id, name, type, members:[{user, membership, display_name, power}], invitations:[..]}
struct query_room {
  static constexpr const char* name = "query.room";
  std::string room;
};

/// `query.invitations` -> {invitations:[{room, matrix_room_id, user, by, direction, state, reason, since_ts}]}
struct query_invitations {
  static constexpr const char* name = "query.invitations";
  std::optional<std::string> room;      ///< only this room
  std::optional<std::string> user;      ///< only this user
  bool open_only = false;
};

using command = std::variant<room_create, room_join, invite_send, invite_revoke, invite_answer, message_send, message_delete, member_leave, typing,
                             user_profile, query_room, query_invitations>;

/// The contract's name of a command, e.g. "room.create".
const char* name(const command& x);

} // namespace causeway::chat
