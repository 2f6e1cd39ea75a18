#pragma once
#include "messages/chat/vocabulary.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// How far people have read.
namespace causeway::chat {

/// Readers, or positions, in one answer.
inline constexpr std::size_t listed_readers_max = 500;
/// `thread` of a marker that is about what belongs to no thread.
inline constexpr const char* main_thread = "main";

struct mark_read {
  static constexpr const char* name = "read";
  static constexpr const char* says =
    "One of your users has read a room up to a message. A marker never moves backwards: one that does not lie behind "
    "the user's last is answered alike and changes nothing. May be sent without `id`, then nobody hears how it ended. "
    "See *Read receipts*.";
  static constexpr remark faults[] = {{fault_code::not_found, "no such message here, or none that is shown"},
                                      {fault_code::not_member, "`user` is not in the room"}};
  using answered_by = empty_answer;
  std::string room, user, message;
  std::optional<std::string> thread;
  std::optional<std::int64_t> ts = {};
  bool is_private = false;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("user", x.user, "One of your users, member of the room.");
    f.id("message", x.message, "Your id of it, or its event id.");
    f.optional_id("thread", x.thread,
                  "The first message of the thread it is about, or `main`: what belongs to no thread. Absent: all of "
                  "the room.");
    f.optional("ts", x.ts, "When it was read. Absent, or later than now: now.");
    f.optional("private", x.is_private, "It is kept, and told to nobody.");
  }
};

/// A marker in an answer.
struct marker_view {
  static constexpr const char* name = "marker";
  std::string user, event_id, message;
  std::int64_t ts = 0;
  std::optional<std::string> thread = {};
  std::optional<bool> is_private = {};

  static void fields(auto& f, auto& x) {
    f.required("user", x.user, "", {.of = edge::names::user});
    f.required("event_id", x.event_id, "Up to which message they have read.", {.of = edge::names::message});
    f.required("message", x.message, "Your id of it; empty: there is none.", {.of = edge::names::message});
    f.required("ts", x.ts, "When, by the word of their server.");
    f.optional("thread", x.thread,
               "Event id of the first message of the thread it is about, or `main`. Absent: all "
               "of the room.");
    f.optional("private", x.is_private, "True: not to be shown to others.");
  }
};

struct readers_answer {
  static constexpr const char* name = "readers";
  std::vector<marker_view> readers;
  bool more_readers = false;

  static void fields(auto& f, auto& x) {
    f.required("readers", x.readers, "In order of `user`.", {.entries_max = listed_readers_max});
    f.required("more_readers", x.more_readers, "Ask again with `after` = the last one's `user`.");
  }
};

struct query_receipts {
  static constexpr const char* name = "query.receipts";
  static constexpr const char* says =
    "Who has read a message: users whose marker lies at it or behind it, with that marker. Its sender is left out, and "
    "private markers are.";
  static constexpr remark faults[] = {{fault_code::not_found, "no such message here, or none that is shown"}};
  using answered_by = readers_answer;
  std::string room, message;
  std::optional<std::string> after = {};

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.id("message", x.message, "Your id of it, or its event id.");
    f.optional_user("after", x.after, "Go on after this user.");
  }
};

struct read_positions_answer {
  static constexpr const char* name = "read_positions";
  std::vector<marker_view> positions;
  bool more_positions = false;

  static void fields(auto& f, auto& x) {
    f.required("positions", x.positions, "In order of `user`.", {.entries_max = listed_readers_max});
    f.required("more_positions", x.more_positions, "Ask again with `after` = the last one's `user`.");
  }
};

struct query_read_positions {
  static constexpr const char* name = "query.read_positions";
  static constexpr const char* says = "How far everybody has read a room: the marker of each user that lies furthest.";
  using answered_by = read_positions_answer;
  std::string room;
  std::optional<std::string> after = {};

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.optional_user("after", x.after, "Go on after this user.");
  }
};

struct receipt_changed {
  static constexpr const char* name = "receipt";
  static constexpr const char* says =
    "A user of another server has read up to a message. Never one that lies before what was told of them.";
  std::string room, matrix_room_id, user, event_id, message;
  std::int64_t ts = 0;
  std::optional<std::string> thread = {};

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("user", x.user, "", {.of = edge::names::user});
    f.required("event_id", x.event_id, "Of the message.", {.of = edge::names::message});
    f.required("message", x.message, "Your id of it; empty: there is none.", {.of = edge::names::message});
    f.required("ts", x.ts, "When, by the word of their server; not before the message, not later than now.");
    f.optional("thread", x.thread, "As of an answer's marker.");
  }
};

} // namespace causeway::chat
