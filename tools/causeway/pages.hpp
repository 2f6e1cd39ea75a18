#pragma once
#include "messages/matrix/json.hpp"
#include "tools/causeway/listing.hpp"

#include <cstdint>
#include <string>

/// What is told of one thing, as text for a person. Pure. `body` is the broker's answer.
namespace causeway::tools {

extern const column_names room_columns, server_columns, invite_columns, actor_columns, dead_letter_columns;

std::string room_page(const matrix::json::object& body, std::int64_t now_ms);
std::string server_page(const matrix::json::object& body, std::int64_t now_ms);
std::string invite_page(const matrix::json::object& body, std::int64_t now_ms);
/// What `room compare` has found: how many of the servers were asked, what they see differently, and how much of that
/// is not listed.
std::string comparison_page(const matrix::json::object& body, std::int64_t now_ms);
/// What `room resync` has fetched.
std::string resync_page(const matrix::json::object& body, std::int64_t now_ms);
/// Whether all is well after it: an event was taken, or the others have nothing more and nothing waits here.
bool resync_has_helped(const matrix::json::object& body);
/// Below the keys of a server: those that staged events are signed with and that are not among them.
std::string keys_waited_for(const matrix::json::object& body, std::int64_t now_ms);
/// The first line names each part that `check` does not call well.
std::string status_page(const matrix::json::object& body, std::int64_t now_ms);
/// Whether neither an alarm stands nor `check` warns of anything.
bool is_well(const matrix::json::object& status);
/// What the actor behind it says of itself.
std::string actor_part(const matrix::json::object& body, std::int64_t now_ms);

} // namespace causeway::tools
