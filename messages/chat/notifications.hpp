#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Notifications and answers of the chat contract, version 1: what the broker tells a chat server. Rooms carry both names:
/// `room` (the chat server's id, empty while none is bound) and `matrix_room_id`. Users are Matrix ids. Times are
/// milliseconds since 1970.
namespace causeway::chat {

/// `room.created`: a room exists at the broker that the chat server did not create by itself, or whose creation is done.
struct room_created {
  static constexpr const char* name = "room.created";
  std::string room, matrix_room_id, room_version;
  std::string type;                 ///< dm, group_dm, channel
  std::string creator;
  std::string room_name, topic;     ///< keys `name`, `topic`; empty when unset
  std::vector<std::string> members; ///< joined users; at most `listed_members_max`
  bool more_members = false;        ///< the others follow in `room.members`
};

/// Members in one notification or answer: a large room must not fill a frame.
inline constexpr std::size_t listed_members_max = 1'000;

/// `room.members`: further joined users of a large room we have just joined, told once they are known.
struct room_members {
  static constexpr const char* name = "room.members";
  std::string room, matrix_room_id;
  std::vector<std::string> members; ///< at most `listed_members_max`
  bool complete = false;            ///< the last of them
};

/// `invitation.received`: somebody of another server invites one of our users.
struct invitation_received {
  static constexpr const char* name = "invitation.received";
  std::string room, matrix_room_id, room_version;
  std::string user, by, by_display_name;
  std::string room_name;            ///< as the inviting server tells it: untrusted
  std::string type;                 ///< dm, group_dm, channel
  std::string reason;
  std::int64_t ts = 0;
};

/// `invitation.changed`: of an invitation or a knock. Of a knock `by` is who knocks, then who answered, and `reason`, while it is open, his own.
/// States sending, pending, accepted, rejected, revoked, revoked_unconfirmed, expired, failed, banned.
struct invitation_changed {
  static constexpr const char* name = "invitation.changed";
  std::string room, matrix_room_id;
  std::string user, by;
  std::string direction;            ///< outgoing: we invited; incoming: one of ours was invited; knock: one of ours knocks
  std::string state, previous_state;
  std::string reason;               ///< of a rejection or failure, in words
  std::int64_t ts = 0;
  std::uint64_t attempts = 0;       ///< of what is still to be told the other server
  std::int64_t retry_at_ts = 0;     ///< the next one; 0: none is waited for
  std::string last_fault;           ///< why the last one failed: code and words; empty: none has
};

/// `member.changed`
struct member_changed {
  static constexpr const char* name = "member.changed";
  std::string room, matrix_room_id;
  std::string user;
  std::string membership, previous_membership; ///< join, invite, leave, ban, knock
  std::string by, reason, display_name, avatar, event_id;
  std::int64_t ts = 0;
};

/// The file of a message; all as the sender tells it. Get it with `media.get`.
struct received_file {
  std::string mxc, file_name, content_type;
  std::uint64_t size_bytes = 0;     ///< 0: not told
  std::uint64_t width = 0, height = 0;
};

/// `message.received`
struct message_received {
  static constexpr const char* name = "message.received";
  std::string room, matrix_room_id;
  std::string event_id, sender;
  std::string msgtype;              ///< m.text, m.notice, m.emote, ...
  std::string text, html;
  std::string reply_to, thread;     ///< event ids
  std::vector<std::string> mentions;
  std::optional<received_file> file;
  bool historical = false;          ///< from before we joined: no alarm
  std::int64_t ts = 0;              ///< origin_server_ts: the sender's word
};

/// `message.deleted`: of a message that was told, or sent by our users; `by` is the one who deleted it, of another server.
struct message_deleted {
  static constexpr const char* name = "message.deleted";
  std::string room, matrix_room_id, event_id;
  std::string message;              ///< the chat server's id; empty: it has bound none
  std::string by, reason, redaction_event_id;
  std::int64_t ts = 0;              ///< of the redaction
};

/// Another server of which a `delivery.changed` says the same.
struct delivery_elsewhere {
  std::string server, reason;
};
/// `delivery.changed`: states delayed (the first failure of an outage), delivered (its end), failed.
struct delivery_changed {
  static constexpr const char* name = "delivery.changed";
  std::string room, matrix_room_id, message; ///< message: the chat server's id
  std::string event_id, server, state, reason;
  std::int64_t ts = 0;
  /// At most `delivery_servers_max`; absent: it is about `server` alone.
  std::optional<std::vector<delivery_elsewhere>> more_servers = {};
};
/// Servers beside the first that one `delivery.changed` tells of.
inline constexpr std::size_t delivery_servers_max = 1'000;

/// `system.message`: what the room shows. Kinds: created, invited, joined, rejected, revoked, expired, left, kicked, banned,
/// unbanned, knocked, knock_retracted, knock_rejected, renamed, topic_changed, role_changed.
struct system_message {
  static constexpr const char* name = "system.message";
  std::string room, matrix_room_id;
  std::string kind, actor, target, reason, event_id;
  std::int64_t ts = 0;
  std::optional<std::string> room_name; ///< key `name`; of renamed alone: the new name, empty when it was removed
  std::optional<std::string> topic;     ///< of topic_changed alone: the new topic, empty when it was removed
  std::optional<std::int64_t> level;    ///< of role_changed alone: the power level `target` has now; no target: whoever has none of his own
};

/// `join.progress` (ephemeral): how far the join of one of our users has come; a large room takes a while.
struct join_progress {
  static constexpr const char* name = "join.progress";
  std::string room, matrix_room_id, user;
  std::string phase;                ///< asking, receiving, verifying; members: the room is open, its members are still being fetched
  std::string server;               ///< through which we join
  std::int64_t done = 0, total = 0; ///< events verified; 0 of 0 in the other phases
};

/// `typing` (ephemeral)
struct typing_changed {
  static constexpr const char* name = "typing";
  std::string room, matrix_room_id, user;
  bool is_typing = false;           ///< key `typing`
};

using notification = std::variant<room_created, room_members, invitation_received, invitation_changed, member_changed, message_received,
                                  message_deleted, delivery_changed, system_message>;

/// The contract's name, e.g. "message.received".
const char* name(const notification& x);

// -- answers in RESULT ------------------------------------------------------------------------------------------------

struct invitation_view {
  std::string room, matrix_room_id, user, by, direction, state, reason;
  std::int64_t since_ts = 0;
  std::uint64_t attempts = 0;   ///< these three as in invitation.changed
  std::int64_t retry_at_ts = 0;
  std::string last_fault;
};
struct member_view {
  std::string user, membership, display_name;
  std::int64_t power = 0;
};
struct room_created_answer {
  std::string matrix_room_id, room_version;
  std::vector<invitation_view> invitations;
  bool more_invitations = false; ///< there are others, which `query.invitations` tells
};
struct room_joined_answer {
  std::string matrix_room_id, room_version;
  std::string state; ///< joined
};
struct room_knocked_answer {
  std::string matrix_room_id;
  std::string state; ///< of the knock
};
struct state_answer {
  std::string state;
};
struct invited_answer {
  std::string state;
  std::string type; ///< of the room from now on
};
struct event_answer {
  std::string event_id;
};
struct sent_answer {
  std::string event_id;                    ///< of the text; of the first file where there is no text
  std::vector<std::string> file_event_ids; ///< one per file, in order
};
struct media_put_answer {
  std::string mxc;                  ///< may be named from the first part on
  std::uint64_t received_bytes = 0; ///< where the next part begins
  bool complete = false;
};
struct media_get_answer {
  std::string bytes;
  std::uint64_t total_bytes = 0;
  std::string content_type, file_name; ///< as its server tells it; the name may be empty
};
struct user_answer {
  std::string user;
};
struct user_view {
  std::string user;                 ///< Matrix id
  std::string own_id;               ///< the chat server's; empty: it has named him by his Matrix id only
  std::string display_name, avatar;
};
struct room_view {
  std::string room, matrix_room_id, room_version, room_name, topic, type;
  std::vector<member_view> members; ///< in order of `user`, at most `listed_members_max`
  bool more_members = false;        ///< ask again with `members_after` = the last one's `user`
  std::vector<invitation_view> invitations; ///< open ones and the latest where there are too many for one message
  bool more_invitations = false;    ///< there are others
};
struct invitations_answer {
  std::vector<invitation_view> invitations; ///< open ones and the latest where there are too many for one message
  bool more_invitations = false;            ///< there are others: name a room, a user, or `open_only`
};
struct empty_answer {};

using answer = std::variant<empty_answer, room_created_answer, room_joined_answer, room_knocked_answer, state_answer, invited_answer, event_answer, user_answer, room_view,
                            invitations_answer, sent_answer, media_put_answer, media_get_answer, user_view>;

} // namespace causeway::chat
