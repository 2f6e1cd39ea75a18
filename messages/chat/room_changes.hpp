#pragma once
#include "messages/chat/messages.hpp"
#include "messages/chat/rooms.hpp"
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// Rooms that change: what they are called, which own ids they and their messages have, how they end and go on.
namespace causeway::chat {

struct room_set_name {
  static constexpr const char* name = "room.set_name";
  static constexpr const char* says = "Gives a room another name.";
  static constexpr remark faults[] = {{fault_code::not_member, "`by` is not in the room"},
                                      {fault_code::forbidden, "the power of `by`; `query.can` tells it beforehand"}};
  using answered_by = event_answer;
  std::string room, by;
  std::string room_name;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.required("name", x.room_name, "Empty: it has none. `event_id` is empty where it was so already.",
               {.bytes_max = limits::authored_content_bytes_max});
  }
};

struct room_set_topic {
  static constexpr const char* name = "room.set_topic";
  static constexpr const char* says = "Gives a room another topic.";
  static constexpr remark faults[] = {{fault_code::not_member, "`by` is not in the room"},
                                      {fault_code::forbidden, "the power of `by`; `query.can` tells it beforehand"}};
  using answered_by = event_answer;
  std::string room, by;
  std::string topic;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.required("topic", x.topic, "Empty: it has none. `event_id` is empty where it was so already.",
               {.bytes_max = limits::authored_content_bytes_max});
  }
};

struct room_set_avatar {
  static constexpr const char* name = "room.set_avatar";
  static constexpr const char* says = "Gives a room another picture.";
  static constexpr remark faults[] = {{fault_code::not_member, "`by` is not in the room"},
                                      {fault_code::forbidden, "the power of `by`; `query.can` tells it beforehand"},
                                      {fault_code::invalid_param, "`avatar` is no mxc:// URI"}};
  using answered_by = event_answer;
  std::string room, by;
  std::string avatar;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.required("avatar", x.avatar, "An mxc:// URI; empty: it has none. `event_id` is empty where it was so already.",
               {.bytes_max = short_text_bytes_max});
  }
};

struct room_bind {
  static constexpr const char* name = "room.bind";
  static constexpr const char* says =
    "Tells your own id of a room that you were told of, as the `bind` of an ACK does. The room may have another own "
    "id, which it has no longer then.";
  static constexpr remark faults[] = {{fault_code::already_exists, "the id is another room's"}};
  using answered_by = empty_answer;
  std::string room, as;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room, "Its Matrix id, or the own id it has.");
    f.id("as", x.as, "Your id of it from now on; begins with neither `!` nor `#`.");
  }
};

struct message_bind {
  static constexpr const char* name = "message.bind";
  static constexpr const char* says =
    "Tells your own id of a message that you were told of, as the `bind` of an ACK does.";
  static constexpr remark faults[] = {{fault_code::not_found, "no such message in the room"},
                                      {fault_code::already_exists, "the id is another message's of the room"}};
  using answered_by = empty_answer;
  std::string room;
  std::string message, as;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.id("message", x.message, "Its event id, or the own id it has.");
    f.id("as", x.as, "Your id of it from now on; does not begin with `$`.");
  }
};

struct room_remove {
  static constexpr const char* name = "room.remove";
  static constexpr const char* says =
    "Your users are in a room no longer, and its open invitations are taken back. See *Removed rooms*. A room that "
    "none of your users is in any more: the same answer.";
  static constexpr remark faults[] = {{fault_code::not_member, "`by` is not in the room"}};
  using answered_by = empty_answer;
  std::string room, by;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
  }
};

struct room_upgraded_answer {
  static constexpr const char* name = "room_upgraded";
  std::string matrix_room_id, room_version;

  static void fields(auto& f, auto& x) {
    f.required("matrix_room_id", x.matrix_room_id, "Of the room it goes on as.", {.of = edge::names::room});
    f.required("room_version", x.room_version);
  }
};

struct room_upgrade {
  static constexpr const char* name = "room.upgrade";
  static constexpr const char* says =
    "A room goes on as another one, of another version. Your own id of it means the new one from then on. See "
    "*Upgraded rooms*.";
  static constexpr remark faults[] = {{fault_code::not_member, "`by` is not in the room"},
                                      {fault_code::forbidden, "the power of `by`; `query.can` tells it beforehand"},
                                      {fault_code::unsupported_room_version, "not known, or before version 8"},
                                      {fault_code::already_exists, "it has been upgraded"}};
  using answered_by = room_upgraded_answer;
  std::string room, by;
  std::optional<std::string> version;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room; makes the new one.");
    f.optional_id("version", x.version, "8 or later; default: that of new rooms (`federation.room_version`).");
  }
};

struct room_changed {
  static constexpr const char* name = "room.changed";
  static constexpr const char* says =
    "A room has another name, topic or picture, whoever has changed it; of those three what has changed.";
  std::string room, matrix_room_id, by, event_id;
  std::int64_t ts = 0;
  std::optional<std::string> room_name, topic, avatar;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("by", x.by, "Who made the change.", {.of = edge::names::user});
    f.required("event_id", x.event_id, "Of the change.", {.of = edge::names::message});
    f.required("ts", x.ts);
    f.optional("name", x.room_name, "Empty: it has none any more.");
    f.optional("topic", x.topic, "Empty: it has none any more.");
    f.optional("avatar", x.avatar, "An mxc:// URI; empty: it has none any more.");
  }
};

struct room_upgraded {
  static constexpr const char* name = "room.upgraded";
  static constexpr const char* says =
    "A room goes on as another one, in which your users are already; your own id of it means that one from now on.";
  std::string room, matrix_room_id, old_matrix_room_id, by, room_version, event_id;
  std::int64_t ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "Of the room it goes on as.", {.of = edge::names::room});
    f.required("old_matrix_room_id", x.old_matrix_room_id, "Of the room it was.", {.of = edge::names::room});
    f.required("by", x.by, "Who has upgraded it.", {.of = edge::names::user});
    f.required("room_version", x.room_version, "Of the room it goes on as.");
    f.required("event_id", x.event_id, "Of the m.room.tombstone in the old room.", {.of = edge::names::message});
    f.required("ts", x.ts);
  }
};

} // namespace causeway::chat
