#pragma once
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// Members of a room, and what a room shows about them.
namespace causeway::chat {

/// A member in an answer.
struct member_view {
  static constexpr const char* name = "member";
  std::string user, membership, display_name;
  std::int64_t power = 0;

  static void fields(auto& f, auto& x) {
    f.required("user", x.user, "", {.of = edge::names::user});
    f.required("membership", x.membership, "", {.words = memberships});
    f.required("display_name", x.display_name);
    f.required("power", x.power, "Power level in the room.");
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
  "created", "invited",  "joined",  "rejected",        "revoked",        "expired", "left",          "kicked",
  "banned",  "unbanned", "knocked", "knock_retracted", "knock_rejected", "renamed", "topic_changed", "role_changed"};

struct system_message {
  static constexpr const char* name = "system.message";
  static constexpr const char* says = "What the room shows besides what people write.";
  std::string room, matrix_room_id;
  std::string kind, actor, target, reason, event_id;
  std::int64_t ts = 0;
  std::optional<std::string> room_name;
  std::optional<std::string> topic;
  std::optional<std::int64_t> level;

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
  }
};

} // namespace causeway::chat
