#pragma once
#include "messages/chat/commands.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/matrix/json.hpp"

#include <optional>

/// Files in m.room.message, both ways. Source: client-server-api, "m.image", "m.video", "m.audio", "m.file".
namespace causeway::room {

/// Content of the event that carries `x`; the msgtype follows from the content type.
matrix::json::object content_of(const chat::file& x);

/// The file of a message; nothing when it has none that can be fetched: no `url`, a wrong one, or an encrypted one.
/// @param content  of an m.room.message; from a stranger
std::optional<chat::received_file> file_of(const matrix::json::object& content);

/// What stands in `text` of an m.room.encrypted: nobody here has its key.
inline constexpr const char* encrypted_placeholder = "[This message is encrypted and cannot be read here.]";

/// What a message is related to; event ids, empty where it is not.
struct relation {
  std::string thread, reply_to;
};
/// A message in a thread names the one before it as if it answered it (`is_falling_back`), for clients that know no threads: that is no reply.
/// Source: client-server-api, "Rich replies", "Threading" ("Fallback for unthreaded clients").
/// @param content  of an m.room.message or m.room.encrypted; from a stranger
relation relation_of(const matrix::json::object& content);

} // namespace causeway::room
