#pragma once
#include "messages/chat/invitations.hpp"
#include "messages/chat/members.hpp"
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Rooms: made, joined, looked at.
namespace causeway::chat {

struct room_created_answer {
  static constexpr const char* name = "room_created";
  std::string matrix_room_id, room_version;
  std::vector<invitation_view> invitations;
  bool more_invitations = false;
  std::optional<bool> reused = {};
  std::optional<std::string> room = {};

  static void fields(auto& f, auto& x) {
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("room_version", x.room_version);
    f.required("invitations", x.invitations, "Of the members who are users of other servers.",
               {.entries_max = listed_invitations_max});
    f.optional("more_invitations", x.more_invitations, "There are others, which `query.invitations` tells.");
    f.optional(
      "reused", x.reused,
      "true: the two had a dm already, which is this one; nothing was made, nobody invited. Absent: it is new.");
    f.optional("room", x.room, "Of a reused dm: your id of it, which may be another one than you have asked for.",
               {.of = edge::names::room});
  }
};

struct room_joined_answer {
  static constexpr const char* name = "room_joined";
  std::string matrix_room_id, room_version;
  std::string state;

  static void fields(auto& f, auto& x) {
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("room_version", x.room_version);
    f.required("state", x.state, "joined.");
  }
};

struct room_view {
  static constexpr const char* name = "room";
  std::string room, matrix_room_id, room_version, room_name, topic, type;
  std::optional<std::string> avatar;
  std::vector<member_view> members;
  bool more_members = false;
  std::vector<invitation_view> invitations;
  bool more_invitations = false;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("room_version", x.room_version);
    f.required("name", x.room_name);
    f.required("topic", x.topic);
    f.required("type", x.type, "", {.words = room_types});
    f.required("members", x.members, "In order of `user`.", {.entries_max = listed_members_max});
    f.required("more_members", x.more_members, "Ask again with `members_after` = the last one's `user`.");
    f.required("invitations", x.invitations, "In the order of `query.invitations`.",
               {.entries_max = listed_invitations_max});
    f.optional("more_invitations", x.more_invitations, "There are others, which `query.invitations` tells.");
    f.optional("avatar", x.avatar, "An mxc:// URI; absent: there is none.");
  }
};

struct room_create {
  static constexpr const char* name = "room.create";
  static constexpr const char* says =
    "Makes a room. Your users among its members join at once, users of other servers are "
    "invited. A dm of two who have one is that one, see *A dm has two people*.";
  using answered_by = room_created_answer;
  std::string room;
  room_type type = room_type::dm;
  visibility access = visibility::private_;
  std::optional<std::string> room_name;
  std::optional<std::string> topic;
  std::optional<std::string> alias;
  std::string creator;
  std::vector<std::string> members;
  std::vector<std::string> members_of;
  bool federated = true;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room, "Your id of the room; bound to the new Matrix room.");
    f.required("type", x.type);
    f.optional("visibility", x.access, "knock: anybody may ask to be let in. public and knock: channels only.");
    f.optional("name", x.room_name, "", {.bytes_max = limits::authored_content_bytes_max});
    f.optional("topic", x.topic, "", {.bytes_max = limits::authored_content_bytes_max});
    f.optional_id("alias", x.alias, "Localpart of an alias; channels only.");
    f.user("creator", x.creator, "One of your users.");
    f.users("members", x.members, "", {.entries_max = members_max});
    f.ids("members_of", x.members_of,
          "Channels that are not public: the members of these rooms may join (room versions 8 and later).",
          {.entries_max = members_of_max});
    f.optional("federated", x.federated, "false: users of other servers are refused.");
  }
  std::optional<broken_rule> broken() const;
};

struct room_join {
  static constexpr const char* name = "room.join";
  static constexpr const char* says = "One of your users joins a room. The answer waits for the join; a room new to "
                                      "you is told by `room.created` before. A "
                                      "member already: the same answer.";
  static constexpr remark faults[] = {
    {fault_code::not_found, "no such alias or room"},
    {fault_code::forbidden, "the room's rules"},
    {fault_code::incompatible_room_version, "no server of the room speaks a version we know"},
    {fault_code::peer_unreachable, "none of its servers answered"},
    {fault_code::peer_timeout,
     "none of its servers answered; where the answer to the join itself was lost the user may be in "
     "the room: repeat"}};
  using answered_by = room_joined_answer;
  std::string room;
  std::string user;
  std::vector<std::string> via;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room, "An id, or an alias `#name:server`.");
    f.user("user", x.user, "One of your users.");
    f.ids("via", x.via, "Servers to join through, besides those the alias names.", {.entries_max = via_max});
  }
};

struct query_room {
  static constexpr const char* name = "query.room";
  static constexpr const char* says = "A room with its members and invitations.";
  using answered_by = room_view;
  std::string room;
  std::optional<std::string> members_after;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.optional_user("members_after", x.members_after, "Go on after this member.");
  }
};

struct room_created {
  static constexpr const char* name = "room.created";
  static constexpr const char* says = "A room that you have not made is there: one of your users has joined it.";
  std::string room, matrix_room_id, room_version;
  std::string type;
  std::string creator;
  std::string room_name, topic;
  std::vector<std::string> members;
  bool more_members = false;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("room_version", x.room_version);
    f.required("type", x.type, "Inferred; see *Types of rooms*.", {.words = room_types});
    f.required("creator", x.creator, "", {.of = edge::names::user});
    f.required("name", x.room_name);
    f.required("topic", x.topic);
    f.required("members", x.members, "Joined users.", {.entries_max = listed_members_max, .of = edge::names::user});
    f.required("more_members", x.more_members, "Others follow in `room.members`.");
  }
};

struct room_refounded {
  static constexpr const char* name = "room.refounded";
  static constexpr const char* says =
    "A room of yours has another Matrix id and version: a server that was invited does not know the version it had, "
    "and nobody else had seen it. See *A room that is founded again*.";
  std::string room, matrix_room_id, previous_matrix_room_id;
  std::string room_version, previous_room_version;
  std::string server;
  std::int64_t ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "From now on.", {.of = edge::names::room});
    f.required("previous_matrix_room_id", x.previous_matrix_room_id, "Goes on meaning the room.",
               {.of = edge::names::room});
    f.required("room_version", x.room_version);
    f.required("previous_room_version", x.previous_room_version);
    f.required("server", x.server, "That does not know the previous version.");
    f.required("ts", x.ts);
  }
};

struct room_members {
  static constexpr const char* name = "room.members";
  static constexpr const char* says =
    "Further joined users of a large room that was just joined. They may come minutes after `room.created`.";
  std::string room, matrix_room_id;
  std::vector<std::string> members;
  bool complete = false;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("members", x.members, "Joined users.", {.entries_max = listed_members_max, .of = edge::names::user});
    f.required("complete", x.complete, "These are the last of them.");
  }
};

/// How far a join through another server has come.
enum class join_phase : std::uint8_t { asking, receiving, verifying, members };
inline constexpr const char* join_phases[] = {"asking", "receiving", "verifying", "members"};

struct join_progress {
  static constexpr const char* name = "join.progress";
  static constexpr const char* says = "How far the join of one of your users has come; a large room takes a while.";
  std::string room, matrix_room_id, user;
  std::string phase;
  std::string server;
  std::int64_t done = 0, total = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("user", x.user, "", {.of = edge::names::user});
    f.required("phase", x.phase, "members: the room is open, its members are still being fetched.",
               {.words = join_phases});
    f.required("server", x.server, "Through which we join.");
    f.required("done", x.done, "Events verified; 0 in the other phases.");
    f.required("total", x.total, "Events to verify; 0 in the other phases.");
  }
};

} // namespace causeway::chat
