#pragma once
#include "messages/chat/notifications.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Notifications, commands that were answered, and what the chat server could not take.
namespace causeway::store {

/// A durable notification; the store gives it the next cursor of its stream.
struct append_outbox {
  std::uint32_t stream = 0;
  std::string name; ///< e.g. "message.received"
  std::string body; ///< msgpack
};

/// A `delivery.changed` for the outbox. Those of one commit that tell the same of one event become one notification
/// that lists their servers.
struct append_delivery {
  std::uint32_t stream = 0;
  chat::delivery_changed told;
};

/// Everything up to `cursor` was acknowledged by the chat server.
struct acknowledge_outbox {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
};

/// A notification the chat server refused for good. Kept with a copy of it, the latest ones.
struct put_dead_letter {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
  std::string reason;
  std::int64_t ts = 0;
  std::string room_id, event_id; ///< of the notification, where it has both
};

/// Dead letters kept; the oldest go first.
inline constexpr std::size_t dead_letters_kept_max = 10'000;

/// It comes again, with the next cursor of its stream, and is no dead letter any more. Nothing where there is none.
struct retry_dead_letter {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
};
struct drop_dead_letter {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
};

/// RESULT of a chat command under its idempotency key.
struct put_command_result {
  std::string command_id;
  std::string command_name;
  bool succeeded = true;
  std::string body; ///< msgpack of the RESULT
  std::int64_t ts = 0;
};
struct find_command_result {
  std::string command_id;
};
struct command_result_found {
  std::optional<put_command_result> result;
};

/// Durable notifications after a cursor, in order. Bound: `limit` and `bytes_max`.
struct read_outbox {
  std::uint32_t stream = 0;
  std::int64_t after = 0;
  std::size_t limit = 256;
  std::size_t bytes_max = 1024 * 1024;
};
struct outbox_row {
  std::int64_t cursor = 0;
  std::string name, body;
};
struct outbox_read {
  std::uint32_t stream = 0;
  std::vector<outbox_row> rows;
  std::int64_t acknowledged = 0; ///< the stream's cumulative acknowledgement
  std::int64_t first_kept = 0;   ///< lowest cursor that can still be read; 0: none
  std::int64_t head = 0;         ///< highest cursor given; 0: none
};

/// Where a dead letter stands in their list: that of its notification.
struct dead_letter_place {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
  bool operator==(const dead_letter_place&) const = default;
};

/// Dead letters by stream and cursor. Sees everything that was written before. Bound: `limit`.
struct list_dead_letters {
  std::optional<dead_letter_place> after = {}; ///< absent: from the first one
  std::size_t limit = 100;
};
struct dead_letters_listed {
  struct letter {
    dead_letter_place at;
    std::string name, reason;
    std::int64_t bytes = 0; ///< of the notification's body
    std::int64_t ts = 0;    ///< when it was refused
    std::string room_id, event_id;
  };
  std::vector<letter> letters;
  bool more = false; ///< others follow
};

/// One dead letter with what it says. Sees everything that was written before. Bound: one notification.
struct load_dead_letter {
  dead_letter_place at;
};
struct dead_letter_loaded {
  std::optional<dead_letters_listed::letter> letter;
  std::string body; ///< of the notification, as the chat server got it: msgpack
};

} // namespace causeway::store
