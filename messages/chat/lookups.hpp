#pragma once
#include "messages/chat/users.hpp"
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What a chat server looks up beyond its own rooms: public rooms, other servers, whether people exist and what they
/// show of themselves.
namespace causeway::chat {

/// Rooms of one page of a public directory: entries.
inline constexpr std::size_t listed_public_rooms_max = 100;
/// `after` and `next` of a public directory, which another server makes: bytes.
inline constexpr std::size_t directory_place_bytes_max = 1'024;
/// Servers in one answer.
inline constexpr std::size_t servers_per_answer_max = 100;
/// Users of one query.verify_users: entries.
inline constexpr std::size_t verified_users_max = 100;

struct public_room_view {
  static constexpr const char* name = "public_room";
  std::string room, matrix_room_id;
  std::optional<std::string> room_name, topic, alias, avatar, join_rule, room_kind;
  std::uint64_t members = 0;
  std::optional<bool> world_readable;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.optional("name", x.room_name, "", {.bytes_max = short_text_bytes_max});
    f.optional("topic", x.topic, "", {.bytes_max = short_text_bytes_max});
    f.optional("alias", x.alias, "To join by: `#name:server`.", {.bytes_max = limits::identifier_bytes_max});
    f.optional("avatar", x.avatar, "An mxc:// URI.", {.bytes_max = short_text_bytes_max});
    f.optional("join_rule", x.join_rule, "As its server says: public, knock, ...",
               {.bytes_max = limits::identifier_bytes_max});
    f.optional("room_kind", x.room_kind,
               "As its server says; `m.space`: it lists other rooms. Absent: a room to talk in.",
               {.bytes_max = limits::identifier_bytes_max});
    f.required("members", x.members, "How many are joined, by its server's word.");
    f.optional("world_readable", x.world_readable, "Whether it may be read without joining.");
  }
};

struct public_rooms_answer {
  static constexpr const char* name = "public_rooms";
  std::string server;
  std::vector<public_room_view> rooms;
  std::optional<std::string> next;
  std::optional<std::uint64_t> total;

  static void fields(auto& f, auto& x) {
    f.required("server", x.server, "Whose directory it is.");
    f.required("rooms", x.rooms, "In the order of that server, most members first as a rule.",
               {.entries_max = listed_public_rooms_max});
    f.optional("next", x.next, "There are others: ask again with `after` = `next`.",
               {.bytes_max = directory_place_bytes_max});
    f.optional("total", x.total, "Rooms of the directory, by that server's estimate.");
  }
};

struct query_public_rooms {
  static constexpr const char* name = "query.public_rooms";
  static constexpr const char* says =
    "A page of the public directory of a server: channels that anybody may join, or knock at. Another server is asked.";
  static constexpr remark faults[] = {{fault_code::forbidden, "that server does not show its directory"},
                                      {fault_code::invalid_identifier, "`server` is no name of a server"},
                                      {fault_code::invalid_param, "`after` is no `next` of its directory"},
                                      {fault_code::server_denied, "the configuration excludes that server"}};
  using answered_by = public_rooms_answer;
  std::optional<std::string> server;
  std::optional<std::string> search;
  std::uint64_t limit = 50;
  std::optional<std::string> after;

  static void fields(auto& f, auto& x) {
    f.optional("server", x.server, "Whose directory; absent: your own.", {.bytes_max = limits::identifier_bytes_max});
    f.optional("search", x.search, "Only rooms with this in name, topic or alias.",
               {.bytes_max = limits::identifier_bytes_max});
    f.optional("limit", x.limit, "Rooms of the page; another server may give fewer.",
               {.least = 1, .most = listed_public_rooms_max});
    f.optional("after", x.after, "`next` of the answer before, with the same server and `search`.",
               {.bytes_max = directory_place_bytes_max});
  }
};

struct server_view {
  static constexpr const char* name = "server";
  std::string server;
  bool reachable = true;
  std::optional<std::int64_t> failing_since_ts, retry_at_ts, oldest_queued_ts;
  std::uint32_t failures = 0;
  std::optional<std::string> last_fault;
  std::uint64_t queued = 0, refused = 0, rooms = 0;

  static void fields(auto& f, auto& x) {
    f.required("server", x.server);
    f.required("reachable", x.reachable, "false: the last attempt to send it something failed.");
    f.optional("failing_since_ts", x.failing_since_ts, "Since then no attempt has succeeded.");
    f.required("failures", x.failures, "Attempts in a row that failed.");
    f.optional("retry_at_ts", x.retry_at_ts, "Until then it is left alone, unless it says something itself.");
    f.optional("last_fault", x.last_fault, "Why the last attempt failed: a code of *Faults*, then words.");
    f.required("queued", x.queued, "Events that wait for it.");
    f.optional("oldest_queued_ts", x.oldest_queued_ts, "Of the oldest of them.");
    f.required("refused", x.refused, "Events it has refused for good.");
    f.required("rooms", x.rooms, "Rooms that your users share with users of it.");
  }
};

struct servers_answer {
  static constexpr const char* name = "servers";
  std::vector<server_view> servers;
  bool more_servers = false;

  static void fields(auto& f, auto& x) {
    f.required("servers", x.servers, "In order of `server`.", {.entries_max = servers_per_answer_max});
    f.required("more_servers", x.more_servers, "Ask again with `after` = the last one's `server`.");
  }
};

struct query_servers {
  static constexpr const char* name = "query.servers";
  static constexpr const char* says =
    "Other servers that your users share rooms with or that something was sent to, and whether they can be reached.";
  using answered_by = servers_answer;
  std::optional<std::string> after;

  static void fields(auto& f, auto& x) {
    f.optional("after", x.after, "Go on after this server.", {.bytes_max = limits::identifier_bytes_max});
  }
};

/// Whether a user exists. `unable`: nobody can say, `fault` says why.
enum class verification : std::uint8_t { verified, unverified, unable_to_verify };
inline constexpr const char* verifications[] = {"verified", "unverified", "unable_to_verify"};

struct verified_user {
  static constexpr const char* name = "verified_user";
  std::string user, state;
  std::optional<std::string> fault, reason;

  static void fields(auto& f, auto& x) {
    f.required("user", x.user, "As it was asked for.", {.of = edge::names::user});
    f.required("state", x.state, "unverified: their server says that there is no such user.", {.words = verifications});
    f.optional("fault", x.fault, "Of unable_to_verify: a code of *Faults*.");
    f.optional("reason", x.reason, "The same in words.");
  }
};

struct verify_users_answer {
  static constexpr const char* name = "verified_users";
  std::vector<verified_user> users;

  static void fields(auto& f, auto& x) {
    f.required("users", x.users, "In the order of the command.", {.entries_max = verified_users_max});
  }
};

struct query_verify_users {
  static constexpr const char* name = "query.verify_users";
  static constexpr const char* says =
    "Whether users exist, before they are invited: each one's server is asked. One that cannot be asked spoils no "
    "other user. Answers are kept for some minutes.";
  static constexpr remark faults[] = {{fault_code::overloaded, "too many are being asked for"}};
  using answered_by = verify_users_answer;
  std::vector<std::string> users;

  static void fields(auto& f, auto& x) {
    f.optional("users", x.users, "Matrix ids, or your own ids of your users.",
               {.bytes_max = limits::identifier_bytes_max, .entries_max = verified_users_max});
  }
  std::optional<broken_rule> broken() const;
};

struct profile_answer {
  static constexpr const char* name = "profile";
  std::string user;
  std::optional<std::string> display_name = {}, avatar = {};
  std::optional<std::map<std::string, std::string>> further = {};

  static void fields(auto& f, auto& x) {
    f.required("user", x.user, "Matrix id.", {.of = edge::names::user});
    f.optional("display_name", x.display_name, "Absent: they have none.");
    f.optional("avatar", x.avatar, "An mxc:// URI; absent: they have none.");
    f.optional("fields", x.further, "Further fields of the profile, each value as JSON.",
               {.bytes_max = profile_bytes_max, .entries_max = profile_fields_max});
  }
};

struct query_profile {
  static constexpr const char* name = "query.profile";
  static constexpr const char* says =
    "What a user shows of themselves: name, picture and any further field, as their server tells it now. Of one of "
    "your users: what others are told.";
  static constexpr remark faults[] = {
    {fault_code::not_found, "their server says that there is no such user, or that they have no such field"},
    {fault_code::forbidden, "their server does not show the profile: nothing is said of whether they exist"},
    {fault_code::too_large, "the profile is over the bounds of the answer: ask for one `field`"},
    {fault_code::overloaded, "too many are being asked for"}};
  using answered_by = profile_answer;
  std::string user;
  std::optional<std::string> field = {};

  static void fields(auto& f, auto& x) {
    f.user("user", x.user, "Matrix id, or your own id of one of your users.");
    f.optional_id("field", x.field, "This field alone: `displayname`, `avatar_url`, `m.tz`, any other; absent: all.");
  }
};

} // namespace causeway::chat
