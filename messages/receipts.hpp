#pragma once
#include "messages/address.hpp"
#include "messages/room.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What the receipts actor hears: there is one per node. It keeps how far everybody has read, and tells other servers
/// of our users.
namespace causeway {

/// How far a user has read a room.
struct read_marker {
  std::string user_id, event_id;
  std::string thread;  ///< empty: the whole room; main: what is in no thread; else the event id of a thread's root
  std::int64_t ts = 0; ///< when, as they say; 0: now
  bool is_private = false;

  static void fields(auto& f, auto& x) {
    f.required("user_id", x.user_id);
    f.required("event_id", x.event_id);
    f.optional("thread", x.thread);
    f.optional("ts", x.ts);
    f.optional("is_private", x.is_private);
  }
};

/// remote_server -> room: markers of that server's users in this room, out of one EDU; at most
/// `matrix::receipts_per_edu_max`.
struct receipts_received {
  std::string origin;
  std::vector<read_marker> markers;

  static void fields(auto& f, auto& x) {
    f.required("origin", x.origin);
    f.optional("markers", x.markers);
  }
};

/// room -> receipts: its members have read.
struct markers_moved {
  std::string room_id, chat_room_id;
  std::string origin; ///< whose users they are; empty: ours
  std::vector<read_marker> markers;
  /// Of ours: the other servers in the room, sorted; null: nobody is told.
  std::shared_ptr<const std::vector<std::string>> servers = nullptr;
  std::optional<command_reference> command = {}; ///< answered when they are on disk

  static void fields(auto& f, auto& x) {
    f.required("room_id", x.room_id);
    f.optional("chat_room_id", x.chat_room_id);
    f.optional("origin", x.origin);
    f.optional("markers", x.markers);
    f.optional("servers", x.servers);
    f.optional("command", x.command);
  }
};

/// room -> receipts: query.receipts of a message, or query.read_positions of the room. Answered with the RESULT.
struct readers_request {
  command_reference command;
  std::string room_id;
  std::string event_id; ///< empty: everybody's position
  std::string after;    ///< user id after which the list goes on; empty: from its beginning

  static void fields(auto& f, auto& x) {
    f.required("command", x.command);
    f.required("room_id", x.room_id);
    f.optional("event_id", x.event_id);
    f.optional("after", x.after);
  }
};

/// room -> receipts: another server has come into the room. It has still to be told how far our members have read.
struct server_joined {
  std::string room_id, server_name;
  std::vector<std::string> local_members; ///< joined; at most `server_joined_members_max`

  static void fields(auto& f, auto& x) {
    f.required("room_id", x.room_id);
    f.required("server_name", x.server_name);
    f.optional("local_members", x.local_members);
  }
};
inline constexpr std::size_t server_joined_members_max = 500;

/// receipts, directory -> room: which other servers are in you? Answered with `room_servers_response`.
struct room_servers_request {
  address reply_to;
  token asked = 0;
  std::string user_id = {}; ///< only if this user is in the room, and their server admitted; empty: in any case

  static void fields(auto& f, auto& x) {
    f.required("reply_to", x.reply_to);
    f.required("asked", x.asked);
    f.optional("user_id", x.user_id);
  }
};
/// room -> receipts, directory.
struct room_servers_response {
  token asked = 0;
  std::vector<std::string> servers; ///< sorted; none where we take no part in the room, or the user does not

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.optional("servers", x.servers);
  }
};

} // namespace causeway
