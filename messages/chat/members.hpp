#pragma once
#include "messages/chat/messages.hpp"
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Members of a room, and what a room shows about them.
namespace causeway::chat {

/// A member in an answer.
struct member_view {
  static constexpr const char* name = "member";
  std::string user, membership, display_name;
  std::int64_t power = 0;
  std::optional<std::string> role, avatar;

  static void fields(auto& f, auto& x) {
    f.required("user", x.user, "", {.of = edge::names::user});
    f.required("membership", x.membership, "", {.words = memberships});
    f.required("display_name", x.display_name);
    f.required("power", x.power, "Power level in the room.");
    f.optional("role", x.role, "What they may do there, as *Roles* says.", {.words = roles});
    f.optional("avatar", x.avatar, "An mxc:// URI; absent: they have none.");
  }
};

struct member_leave {
  static constexpr const char* name = "member.leave";
  static constexpr const char* says = "One of your users leaves a room.";
  using answered_by = empty_answer;
  std::string room, user;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("user", x.user, "Who leaves.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
  }
};

struct member_kick {
  static constexpr const char* name = "member.kick";
  static constexpr const char* says = "Removes a member from a room, or takes back an invitation whoever sent it.";
  static constexpr remark faults[] = {{fault_code::not_member, "`user` is neither in the room nor invited"},
                                      {fault_code::forbidden, "the power of `by`; `query.can` tells it beforehand"}};
  using answered_by = event_answer;
  std::string room, by, user;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.user("user", x.user, "Who is removed.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
  }
};

struct member_ban {
  static constexpr const char* name = "member.ban";
  static constexpr const char* says = "Bans a user: they leave the room at once, if they are in it, and cannot come "
                                      "back. An open invitation is revoked first.";
  static constexpr remark faults[] = {{fault_code::already_exists, "they are banned"},
                                      {fault_code::forbidden, "the power of `by`; `query.can` tells it beforehand"}};
  using answered_by = event_answer;
  std::string room, by, user;
  std::optional<std::string> reason;
  bool redact_events = false;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.user("user", x.user, "Who is banned; need not have been in the room.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
    f.optional("redact_events", x.redact_events,
               "All they have written in the room is deleted, where servers know that wish (MSC4293).");
  }
};

struct member_unban {
  static constexpr const char* name = "member.unban";
  static constexpr const char* says =
    "Lifts a ban. The user is not back in the room by that: they join a public one, or are invited again.";
  static constexpr remark faults[] = {{fault_code::conflict, "they are not banned"},
                                      {fault_code::forbidden, "the power of `by`; `query.can` tells it beforehand"}};
  using answered_by = event_answer;
  std::string room, by, user;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.user("user", x.user, "Who is banned.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
  }
};

/// A ban in an answer.
struct banned_view {
  static constexpr const char* name = "banned";
  std::string user, by, reason, event_id;
  std::int64_t ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("user", x.user, "", {.of = edge::names::user});
    f.required("by", x.by, "Who banned them.", {.of = edge::names::user});
    f.required("reason", x.reason);
    f.required("event_id", x.event_id, "Of the ban.", {.of = edge::names::message});
    f.required("ts", x.ts);
  }
};

struct banned_answer {
  static constexpr const char* name = "banned_users";
  std::vector<banned_view> banned;
  bool more_banned = false;

  static void fields(auto& f, auto& x) {
    f.required("banned", x.banned, "In order of `user`.", {.entries_max = listed_members_max});
    f.required("more_banned", x.more_banned, "Ask again with `after` = the last one's `user`.");
  }
};

struct query_banned {
  static constexpr const char* name = "query.banned";
  static constexpr const char* says = "Who is banned from a room, by whom, when and why.";
  using answered_by = banned_answer;
  std::string room;
  std::optional<std::string> after;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.optional_user("after", x.after, "Go on after this user.");
  }
};

inline constexpr const char* removal_causes[] = {"left", "kicked", "banned", "removed"};

struct room_removed_for {
  static constexpr const char* name = "room.removed_for";
  static constexpr const char* says = "A room is no longer one of your user's: take it from their list.";
  std::string room, matrix_room_id, user, cause, by, reason, event_id;
  std::int64_t ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("user", x.user, "One of yours.", {.of = edge::names::user});
    f.required("cause", x.cause, "", {.words = removal_causes});
    f.required("by", x.by, "Who did it; of left the user, of removed whoever removed the room.",
               {.of = edge::names::user});
    f.required("reason", x.reason);
    f.required("event_id", x.event_id, "Of the membership.", {.of = edge::names::message});
    f.required("ts", x.ts);
  }
};

struct member_changed {
  static constexpr const char* name = "member.changed";
  static constexpr const char* says = "A user has another membership, name or picture in a room.";
  std::string room, matrix_room_id;
  std::string user;
  std::string membership, previous_membership;
  std::string by, reason, display_name, avatar, event_id;
  std::int64_t ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("user", x.user, "Whose membership it is.", {.of = edge::names::user});
    f.required("membership", x.membership, "", {.words = memberships});
    f.required("previous_membership", x.previous_membership, "", {.words = memberships});
    f.required("by", x.by, "Who made the change.", {.of = edge::names::user});
    f.required("reason", x.reason);
    f.required("display_name", x.display_name);
    f.required("avatar", x.avatar);
    f.required("event_id", x.event_id, "Of the membership.", {.of = edge::names::message});
    f.required("ts", x.ts);
  }
};

inline constexpr const char* system_message_kinds[] = {
  "created",       "invited",      "joined",         "rejected",       "revoked",         "expired",        "left",
  "kicked",        "banned",       "unbanned",       "knocked",        "knock_retracted", "knock_rejected", "renamed",
  "topic_changed", "role_changed", "avatar_changed", "access_changed", "servers_changed", "encrypted"};

struct system_message {
  static constexpr const char* name = "system.message";
  static constexpr const char* says = "What the room shows besides what people write.";
  std::string room, matrix_room_id;
  std::string kind, actor, target, reason, event_id;
  std::int64_t ts = 0;
  std::optional<std::string> room_name;
  std::optional<std::string> topic;
  std::optional<std::int64_t> level;
  std::optional<std::string> access = {};

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("kind", x.kind, "", {.words = system_message_kinds});
    f.required("actor", x.actor, "Who did it.", {.of = edge::names::user});
    f.required("target", x.target, "The user it was done to.", {.of = edge::names::user});
    f.required("reason", x.reason);
    f.required("event_id", x.event_id, "Of what happened.", {.of = edge::names::message});
    f.required("ts", x.ts);
    f.optional("name", x.room_name, "Of renamed alone: the new name; empty: it was removed.");
    f.optional("topic", x.topic, "Of topic_changed alone: the new topic; empty: it was removed.");
    f.optional(
      "level", x.level,
      "Of role_changed alone: the power level `target` has now, one event for each user whose level has changed. An "
      "empty `target`: all who have no level of their own.");
    f.optional("access", x.access,
               "Of access_changed alone: the room's join rule (public, invite, knock, restricted, ...).");
  }
};

} // namespace causeway::chat
