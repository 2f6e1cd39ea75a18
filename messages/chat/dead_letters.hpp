#pragma once
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Dead letters: notifications that the chat server has refused for good (NACK `permanent`).
namespace causeway::chat {

/// Dead letters in one answer.
inline constexpr std::size_t listed_dead_letters_max = 100;
/// `id` of a dead letter: bytes.
inline constexpr std::size_t dead_letter_id_bytes_max = 64;

struct dead_letter_view {
  static constexpr const char* name = "dead_letter_view";
  std::string id, event, reason;
  std::uint64_t bytes = 0;
  std::int64_t ts = 0;
  std::optional<std::string> matrix_room_id, event_id;

  static void fields(auto& f, auto& x) {
    f.required("id", x.id, "For `dead_letter.retry` and `dead_letter.drop`.");
    f.required("event", x.event, "Name of the notification.");
    f.required("reason", x.reason, "Of the NACK.");
    f.required("bytes", x.bytes, "Of its body.");
    f.required("ts", x.ts, "When it was refused.");
    f.optional("matrix_room_id", x.matrix_room_id, "Of the notification, where it has both.",
               {.of = edge::names::room});
    f.optional("event_id", x.event_id, "Likewise.", {.of = edge::names::message});
  }
};

struct dead_letters_answer {
  static constexpr const char* name = "dead_letters";
  std::vector<dead_letter_view> dead_letters;
  bool more_dead_letters = false;

  static void fields(auto& f, auto& x) {
    f.required("dead_letters", x.dead_letters, "The oldest of each stream first.",
               {.entries_max = listed_dead_letters_max});
    f.required("more_dead_letters", x.more_dead_letters, "Ask again with `after` = the last one's `id`.");
  }
};

struct query_dead_letters {
  static constexpr const char* name = "query.dead_letters";
  static constexpr const char* says = "Notifications that you have refused for good. See *Dead letters*.";
  static constexpr remark faults[] = {{fault_code::invalid_param, "`after` is no `id`"}};
  using answered_by = dead_letters_answer;
  std::optional<std::string> after;

  static void fields(auto& f, auto& x) {
    f.optional("after", x.after, "Go on after this `id`.", {.bytes_max = dead_letter_id_bytes_max});
  }
};

struct dead_letter_retry {
  static constexpr const char* name = "dead_letter.retry";
  static constexpr const char* says =
    "Brings a notification that was refused for good again, as the newest of its stream, and forgets the dead letter.";
  static constexpr remark faults[] = {{fault_code::not_found, "there is no such dead letter (any more)"}};
  using answered_by = empty_answer;
  std::string id;

  static void fields(auto& f, auto& x) { f.required("id", x.id, "", {.bytes_max = dead_letter_id_bytes_max}); }
};

struct dead_letter_drop {
  static constexpr const char* name = "dead_letter.drop";
  static constexpr const char* says = "Forgets a notification that was refused for good.";
  static constexpr remark faults[] = {{fault_code::not_found, "there is no such dead letter (any more)"}};
  using answered_by = empty_answer;
  std::string id;

  static void fields(auto& f, auto& x) { f.required("id", x.id, "", {.bytes_max = dead_letter_id_bytes_max}); }
};

struct dead_letter {
  static constexpr const char* name = "dead_letter";
  static constexpr const char* says =
    "You have refused a notification for good: it is kept aside. Refusing this one too makes no other.";
  std::string id, event, reason;
  std::int64_t ts = 0;
  std::optional<std::string> matrix_room_id, event_id;

  static void fields(auto& f, auto& x) {
    f.required("id", x.id, "For `dead_letter.retry` and `dead_letter.drop`.");
    f.required("event", x.event, "Name of the notification.");
    f.required("reason", x.reason, "Of the NACK.");
    f.required("ts", x.ts);
    f.optional("matrix_room_id", x.matrix_room_id, "Of the notification, where it has both.",
               {.of = edge::names::room});
    f.optional("event_id", x.event_id, "Likewise.", {.of = edge::names::message});
  }
};

} // namespace causeway::chat
