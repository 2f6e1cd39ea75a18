#pragma once
#include "messages/matrix/json.hpp"
#include "tools/causeway/broker_request.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// The commands that ask a running broker. Each prints to standard output and returns the exit code.
namespace causeway::tools {

/// An answer as text for a person.
using page_function = std::string (*)(const matrix::json::object& body, std::int64_t now_ms);
/// Asks, and prints the page of the answer.
int print_page(const broker_request& x, std::string_view command, page_function page);

int list_rooms(const broker_request& x);
int show_room(const broker_request& x);
int list_servers(const broker_request& x);
int show_server(const broker_request& x);
int retry_server(const broker_request& x);
int list_invites(const broker_request& x);
int show_invite(const broker_request& x);
int list_dead_letters(const broker_request& x);
int retry_dead_letter(const broker_request& x);
int drop_dead_letter(const broker_request& x);
int show_status(const broker_request& x);
int list_receipts(const broker_request& x);
int list_actors(const broker_request& x);
int list_keys(const broker_request& x);

} // namespace causeway::tools
