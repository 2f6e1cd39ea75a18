#pragma once
#include "messages/gateway.hpp"

#include <ctime>
#include <string>
#include <string_view>

/// HTTP/1.1 answers as text: pure functions.
namespace causeway::gateway {

/// Status line and header lines up to the empty line. Headers that would break the message (control characters, no
/// name) and those this function writes itself (length, connection, date) are left out of `answer.headers`.
/// @param unix_now  for the Date header
/// The length is that of the body with its stream and tail.
std::string response_head(const federation_answer& answer, bool keep_alive, std::time_t unix_now);

/// A Matrix error body with the fault's status; with Retry-After where the fault says "later".
/// Spec: client-server-api, "Standard error response".
federation_answer error_answer(const fault& why);
/// The same for errors of HTTP itself, which the registry does not have.
federation_answer error_answer(int status, std::string_view errcode, std::string_view text);

} // namespace causeway::gateway
