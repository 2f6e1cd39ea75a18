#pragma once
#include "messages/chat/commands.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/fault.hpp"

#include <string>
#include <string_view>
#include <vector>

/// msgpack bodies of the chat contract: maps by field name. Unknown keys are ignored, and named to those who ask; a
/// missing or wrong one is named.
namespace causeway::chat {

/// @param ignored  gets the names of fields that the command does not have, at most edge::unknown_fields_max; null:
///   nobody wants to hear of them
/// @returns faults unknown_command, bad_body (detail names the key), invalid_identifier (of a user), too_large
result<command> decode_command(std::string_view command_name, std::string_view body,
                               std::vector<std::string>* ignored = nullptr);
std::string encode(const command& x);
std::string encode(const notification& x);
std::string encode(const typing_changed& x);
std::string encode(const receipt_changed& x);
std::string encode(const presence_changed& x);
std::string encode(const join_progress& x);
std::string encode(const media_available& x);
std::string encode(const ask_user& x);
std::string encode(const answer& x);
/// {code, message, detail, retryable}: body of a failed RESULT and of ERROR.
std::string encode(const fault& x);
/// For clients and tests.
result<notification> decode_notification(std::string_view notification_name, std::string_view body);
/// For clients. @returns fault bad_body
result<media_put_answer> decode_media_put_answer(std::string_view body);
result<media_get_answer> decode_media_get_answer(std::string_view body);
/// For clients: a code this version does not know becomes `internal` with the word in the detail; a body that is no
/// fault, `bad_body`.
fault decode_fault(std::string_view body);

} // namespace causeway::chat
