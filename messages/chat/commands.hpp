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
enum class visibility : std::uint8_t { private_, public_, knock };

/// `room.create` -> {matrix_room_id, room_version, invitations:[{user, state}]}
struct room_create {
  static constexpr const char* name = "room.create";
  std::string room;                     ///< the chat server's id; bound to the new Matrix room
  room_type type = room_type::dm;
  visibility access = visibility::private_; ///< key `visibility`: "private" | "public" | "knock" (whoever likes may ask to be let in); channels only
  std::optional<std::string> room_name; ///< key `name`
  std::optional<std::string> topic;
  std::optional<std::string> alias;     ///< localpart of an alias, channels only
  std::string creator;                  ///< local user
  std::vector<std::string> members;     ///< local users join at once, users of other servers are invited
  std::vector<std::string> members_of;  ///< channels that are not public: whoever is in one of these rooms may join (room versions 8 and later)
  bool federated = true;                ///< false: ids of other servers are refused
};

/// `invite.send` -> {state, type}: a third person makes a dm a group_dm
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

/// `room.knock` -> {matrix_room_id, state}: one of our users asks to be let into a room. The answer waits until a server of the room has
/// taken the knock (pending) or none could be reached (sending: it is offered again). Whoever knocks already: the same answer.
struct room_knock {
  static constexpr const char* name = "room.knock";
  std::string room;                     ///< id of a room, or an alias (`#name:server`)
  std::string user;                     ///< local user
  std::vector<std::string> via;         ///< servers to knock at, besides those the alias names
  std::optional<std::string> reason;
};

/// `knock.retract` -> {state}: who knocks takes it back.
struct knock_retract {
  static constexpr const char* name = "knock.retract";
  std::string room, user;
  std::optional<std::string> reason;
};

/// `knock.reject` -> {}: the other answer than `invite.send` to somebody who knocks at a room of ours.
struct knock_reject {
  static constexpr const char* name = "knock.reject";
  std::string room, by, user;
  std::optional<std::string> reason;
};

/// A file that lies in a media store: ours (after `media.put`) or another server's.
struct file {
  std::string mxc;                      ///< mxc://server/media_id
  std::string file_name;
  std::string content_type;             ///< decides how it is shown: image/*, video/*, audio/*, anything else
  std::uint64_t size_bytes = 0;
  std::optional<std::uint64_t> width, height; ///< pixels
  std::optional<std::uint64_t> duration_ms;
};

/// `message.send` -> {event_id, file_event_ids}. The text is one event, each file another one after it; without text the first
/// file stands for the message.
struct message_send {
  static constexpr const char* name = "message.send";
  std::string room, sender;
  std::string message;                  ///< the chat server's id; bound to the event
  std::string text;                     ///< at most limits::authored_content_bytes_max together with html
  std::optional<std::string> html;
  std::optional<std::string> reply_to;  ///< message it answers
  std::optional<std::string> thread;    ///< root message of the thread
  std::vector<std::string> mentions;    ///< users; "@room" for everybody
  std::vector<file> files;              ///< at most `files_max`
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

/// `user.profile` -> {user}; makes the user known: from now on others find and may invite him.
struct user_profile {
  static constexpr const char* name = "user.profile";
  std::string user;                     ///< own id or Matrix id
  std::optional<std::string> display_name;
  std::optional<std::string> avatar;    ///< mxc:// URI
  std::optional<std::string> localpart = {}; ///< of his Matrix id, if it is not to follow from his own id; never changes
};

/// `query.room` -> {room, matrix_room_id, name, type, members:[{user, membership, display_name, power}], more_members, invitations:[..]}
struct query_room {
  static constexpr const char* name = "query.room";
  std::string room;
  std::optional<std::string> members_after; ///< go on after this user: members come in order of their ids, so many at a time
};

/// `query.user` -> {user, own_id, display_name, avatar}: one of our users under both of his names.
struct query_user {
  static constexpr const char* name = "query.user";
  std::string user;
};

/// `query.invitations` -> {invitations:[{room, matrix_room_id, user, by, direction, state, reason, since_ts}]}
struct query_invitations {
  static constexpr const char* name = "query.invitations";
  std::optional<std::string> room;      ///< only this room
  std::optional<std::string> user;      ///< only this user
  bool open_only = false;
};

/// `media.put` -> {mxc, received_bytes, complete}: a part of a file for our media store. Parts come in order; one that is there
/// already is compared and taken as done, so a part may be repeated.
struct media_put {
  static constexpr const char* name = "media.put";
  std::string upload;                   ///< the chat server's id of the file; the same id is the same mxc for ever
  std::uint64_t offset = 0;             ///< of the first byte of `bytes` in the file
  std::string bytes;                    ///< at most limits::media_part_bytes_max
  std::uint64_t total_bytes = 0;        ///< of the whole file
  std::optional<std::string> content_type;
  std::optional<std::string> file_name;
};

/// `media.get` -> {bytes, total_bytes, content_type, file_name}: a part of a file of our store or of another server's, which is
/// fetched whole first.
struct media_get {
  static constexpr const char* name = "media.get";
  std::string mxc;
  std::uint64_t offset = 0;
  std::uint64_t length = 512 * 1024;    ///< at most limits::media_part_bytes_max; less comes at the end of the file
};

using command = std::variant<room_create, room_join, room_knock, knock_retract, knock_reject, invite_send, invite_revoke, invite_answer, message_send, message_delete, member_leave, typing,
                             user_profile, query_room, query_invitations, media_put, media_get, query_user>;

/// The contract's name of a command, e.g. "room.create".
const char* name(const command& x);

} // namespace causeway::chat
