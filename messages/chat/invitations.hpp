#pragma once
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Invitations and knocks: commands, what they are answered with, and what the chat server is told.
namespace causeway::chat {

/// An invitation or knock in an answer.
struct invitation_view {
  static constexpr const char* name = "invitation";
  std::string room, matrix_room_id, user, by, direction, state, reason;
  std::int64_t since_ts = 0;
  std::uint64_t attempts = 0;
  std::int64_t retry_at_ts = 0;
  std::string last_fault;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("user", x.user, "Who is invited, or knocks.", {.of = edge::names::user});
    f.required("by", x.by, "Who invited; of a knock who knocks, then who answered, empty where that is not told.",
               {.of = edge::names::user});
    f.required("direction", x.direction, "", {.words = directions});
    f.required("state", x.state, "", {.words = invitation_states});
    f.required("reason", x.reason, "Of a rejection or failure, in words; of an open knock, why the user knocks.");
    f.required("since_ts", x.since_ts, "When it came into this state.");
    f.optional("attempts", x.attempts, "Attempts to tell the other server what it has still to hear.");
    f.optional("retry_at_ts", x.retry_at_ts, "When the next attempt is due; 0: none is.");
    f.optional("last_fault", x.last_fault,
               "Why the last attempt failed: code of a fault, then words; empty: none has.");
  }
};

struct state_answer {
  static constexpr const char* name = "state";
  std::string state;

  static void fields(auto& f, auto& x) {
    f.required("state", x.state, "Of the invitation or knock from now on.", {.words = invitation_states});
  }
};

struct invited_answer {
  static constexpr const char* name = "invited";
  std::string state;
  std::string type;

  static void fields(auto& f, auto& x) {
    f.required("state", x.state, "sending; of one of your users pending.", {.words = invitation_states});
    f.required("type", x.type, "Of the room from now on: a third person makes a dm a group_dm.", {.words = room_types});
  }
};

struct room_knocked_answer {
  static constexpr const char* name = "room_knocked";
  std::string matrix_room_id;
  std::string state;

  static void fields(auto& f, auto& x) {
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("state", x.state,
               "pending; sending: no server of the room could be reached, it is offered again; accepted: an invitation "
               "crossed it.",
               {.words = invitation_states});
  }
};

struct invitations_answer {
  static constexpr const char* name = "invitations";
  std::vector<invitation_view> invitations;
  bool more_invitations = false;
  std::optional<std::string> next = {};

  static void fields(auto& f, auto& x) {
    f.required(
      "invitations", x.invitations,
      "Open ones first, then those of which another server has still to hear, then those that are over; of each "
      "the latest first.",
      {.entries_max = listed_invitations_max});
    f.optional("more_invitations", x.more_invitations, "There are others: ask again with `after` = `next`.");
    f.optional("next", x.next, "With `more_invitations`: where the list goes on.",
               {.bytes_max = invitation_place_bytes_max});
  }
};

struct invite_send {
  static constexpr const char* name = "invite.send";
  static constexpr const char* says = "Invites a user. See *A dm has two people*.";
  static constexpr remark faults[] = {
    {fault_code::not_found, "`user` is one of yours whom the broker was not told of"},
    {fault_code::user_deactivated, "`user` is, or `by`"},
    {fault_code::may_not_federate,
     "`user` may not be in a room that federates, or `by` invites nobody of other servers"},
    {fault_code::not_member, "`by` is not in the room"},
    {fault_code::not_federated, "the room is for your users alone"},
    {fault_code::conflict, "they are in the room or invited"},
    {fault_code::forbidden, "they are banned, or the power of `by`; `query.can` tells all of this beforehand"}};
  using answered_by = invited_answer;
  std::string room, by, user;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.user("user", x.user, "Who is invited.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
  }
};

struct invite_revoke {
  static constexpr const char* name = "invite.revoke";
  static constexpr const char* says = "Takes an open invitation back.";
  using answered_by = state_answer;
  std::string room, by, user;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.user("user", x.user, "Who was invited.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
  }
};

struct invite_answer {
  static constexpr const char* name = "invite.answer";
  static constexpr const char* says =
    "Accepts or rejects an invitation of one of your users. The answer to an acceptance waits "
    "for the join.";
  using answered_by = state_answer;
  std::string room, user;
  bool accept = false;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("user", x.user, "Who was invited.");
    f.required("accept", x.accept, "false: rejects.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
  }
};

struct room_knock {
  static constexpr const char* name = "room.knock";
  static constexpr const char* says = "One of your users asks to be let into a room. The answer waits until a server "
                                      "of the room has taken the knock or none "
                                      "could be reached. A user who knocks already: the same answer.";
  static constexpr remark faults[] = {
    {fault_code::not_found, "no such alias or room"},
    {fault_code::incompatible_room_version, "no server of the room speaks a version we know"},
    {fault_code::forbidden, "the room takes no knocks, or not this user's"},
    {fault_code::conflict, "the user is in the room or invited"}};
  using answered_by = room_knocked_answer;
  std::string room;
  std::string user;
  std::vector<std::string> via;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room, "An id, or an alias `#name:server`.");
    f.user("user", x.user, "One of your users.");
    f.ids("via", x.via, "Servers to knock at, besides those the alias names.", {.entries_max = via_max});
    f.optional("reason", x.reason, "Shown to those who answer.", {.bytes_max = short_text_bytes_max});
  }
};

struct knock_retract {
  static constexpr const char* name = "knock.retract";
  static constexpr const char* says = "The user who knocks takes it back. `state` is revoked.";
  static constexpr remark faults[] = {{fault_code::conflict, "there is no open knock"}};
  using answered_by = state_answer;
  std::string room, user;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("user", x.user, "Who knocks.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
  }
};

struct knock_reject {
  static constexpr const char* name = "knock.reject";
  static constexpr const char* says =
    "Turns away a user who knocks at a room of yours. To let the user in: `invite.send`.";
  static constexpr remark faults[] = {{fault_code::conflict, "the user does not knock"},
                                      {fault_code::forbidden, "`by` is below the room's `kick` level"}};
  using answered_by = empty_answer;
  std::string room, by, user;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.user("user", x.user, "Who knocks.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
  }
};

struct query_invitations {
  static constexpr const char* name = "query.invitations";
  static constexpr const char* says = "Invitations and knocks, of all rooms or one, of all users or one.";
  using answered_by = invitations_answer;
  std::optional<std::string> room;
  std::optional<std::string> user;
  bool open_only = false;
  std::optional<std::string> after = {};

  static void fields(auto& f, auto& x) {
    f.optional_id("room", x.room, "Only those of this room.");
    f.optional_user("user", x.user, "Only those of this user.");
    f.optional("open_only", x.open_only, "Only sending and pending ones.");
    f.optional("after", x.after, "`next` of the answer before, with the same room, user and `open_only`.",
               {.bytes_max = invitation_place_bytes_max});
  }
};

struct invitation_received {
  static constexpr const char* name = "invitation.received";
  static constexpr const char* says = "A user of another server invites one of yours.";
  std::string room, matrix_room_id, room_version;
  std::string user, by, by_display_name;
  std::string room_name;
  std::string type;
  std::string reason;
  std::int64_t ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("room_version", x.room_version);
    f.required("user", x.user, "Who is invited.", {.of = edge::names::user});
    f.required("by", x.by, "Who invites.", {.of = edge::names::user});
    f.required("by_display_name", x.by_display_name);
    f.required("name", x.room_name, "Of the room, by the inviting server's word: untrusted.");
    f.required("type", x.type, "Inferred; see *Types of rooms*.", {.words = room_types});
    f.required("reason", x.reason);
    f.required("ts", x.ts);
  }
};

struct invitation_changed {
  static constexpr const char* name = "invitation.changed";
  static constexpr const char* says =
    "An invitation or knock has another state, or an open one a new reason for waiting.";
  std::string room, matrix_room_id;
  std::string user, by;
  std::string direction;
  std::string state, previous_state;
  std::string reason;
  std::int64_t ts = 0;
  std::uint64_t attempts = 0;
  std::int64_t retry_at_ts = 0;
  std::string last_fault;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("user", x.user, "Who is invited, or knocks.", {.of = edge::names::user});
    f.required("by", x.by, "Who invited; of a knock who knocks, then who answered, empty where that is not told.",
               {.of = edge::names::user});
    f.required("direction", x.direction, "", {.words = directions});
    f.required("state", x.state, "", {.words = invitation_states});
    f.required("previous_state", x.previous_state, "Empty: it is a new one.");
    f.required("reason", x.reason, "Of a rejection or failure, in words; of an open knock, why the user knocks.");
    f.required("ts", x.ts);
    // The last three are not in events of an older broker, which may still lie in the outbox.
    f.optional("attempts", x.attempts, "Attempts to tell the other server what it has still to hear.");
    f.optional("retry_at_ts", x.retry_at_ts, "When the next attempt is due; 0: none is.");
    f.optional("last_fault", x.last_fault,
               "Why the last attempt failed: code of a fault, then words; empty: none has.");
  }
};

} // namespace causeway::chat
