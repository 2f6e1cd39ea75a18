#pragma once
#include "messages/matrix/json.hpp"

#include <cstdint>
#include <string>

/// What is told of an event on its way and of one actor, as text for a person. Pure. `body` is the broker's
/// answer.
namespace causeway::tools {

/// The cause and the command that helps first: whoever was woken reads no further.
/// Attempts that are repeated with the same outcome are folded into the first and the last of them.
std::string why_page(const matrix::json::object& body, std::int64_t now_ms);
/// The same with each of its hops.
std::string why_page_of_all(const matrix::json::object& body, std::int64_t now_ms);
std::string actor_page(const matrix::json::object& body, std::int64_t now_ms);
std::string trace_page(const matrix::json::object& body, std::int64_t now_ms);

} // namespace causeway::tools
