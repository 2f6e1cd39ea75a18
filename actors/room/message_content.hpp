#pragma once
#include "messages/chat/commands.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/matrix/json.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Files in m.room.message, both ways. Source: client-server-api, "m.image", "m.video", "m.audio", "m.file".
namespace causeway::room {

/// Content of the event that carries `x`; the msgtype follows from the content type.
matrix::json::object content_of(const chat::file& x);

/// The file of a message; nothing when it has none that can be fetched: no `url`, a wrong one, or an encrypted one.
/// @param content  of an m.room.message; from a stranger
std::optional<chat::received_file> file_of(const matrix::json::object& content);

/// What a message says; `html` is empty where it has none, and safe to show.
struct said {
  std::string text, html;
};
/// @param content  of an m.room.message, or what an edit puts in its place; from a stranger
said text_in(const matrix::json::object& content);

/// Whether a user of ours may send it as a place: a `geo:` URI with coordinates. Source: RFC 5870.
bool is_place(std::string_view uri);

/// Where an m.location is; nothing when it is none or does not say so in a form that is known.
/// @param content  of an m.room.message; from a stranger
std::optional<std::string> place_of(const matrix::json::object& content);

/// What stands in `text` of an m.room.encrypted: nobody here has its key.
inline constexpr const char* encrypted_placeholder = "[This message is encrypted and cannot be read here.]";

/// What a message is related to; event ids, empty where it is not.
struct relation {
  std::string thread, reply_to;
};
/// A message in a thread names the one before it as if it answered it (`is_falling_back`), for clients that know no
/// threads: that is no reply.
/// Source: client-server-api, "Rich replies", "Threading" ("Fallback for unthreaded clients").
/// @param content  of an m.room.message or m.room.encrypted; from a stranger
relation relation_of(const matrix::json::object& content);

} // namespace causeway::room
