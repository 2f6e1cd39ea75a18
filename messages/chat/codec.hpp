#pragma once
#include "messages/chat/commands.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/fault.hpp"

#include <string>
#include <string_view>

/// msgpack bodies of the chat contract: maps by field name. Unknown keys are ignored; a missing or wrong one is named.
namespace causeway::chat {

/// @returns faults unknown_command, bad_body (detail names the key), too_large
result<command> decode_command(std::string_view command_name, std::string_view body);
std::string encode(const command& x);
std::string encode(const notification& x);
std::string encode(const typing_changed& x);
std::string encode(const join_progress& x);
std::string encode(const answer& x);
/// {code, message, detail, retryable}: body of a failed RESULT and of ERROR.
std::string encode(const fault& x);
/// For clients and tests.
result<notification> decode_notification(std::string_view notification_name, std::string_view body);
/// For clients. @returns fault bad_body
result<media_put_answer> decode_media_put_answer(std::string_view body);
result<media_get_answer> decode_media_get_answer(std::string_view body);
/// For clients: a code this version does not know becomes `internal` with the word in the detail; a body that is no fault, `bad_body`.
fault decode_fault(std::string_view body);

} // namespace causeway::chat
