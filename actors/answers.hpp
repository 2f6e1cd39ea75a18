#pragma once
#include "actors/decision.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/fault.hpp"
#include "messages/room.hpp"

#include <cstdint>
#include <string>

/// What a machine answers: to a request of another server, and to a command of the chat server. All of it leaves after
/// the commit.
namespace causeway {

/// Body of a Matrix error. Source: server-server-api, "API standards".
/// @param retry_after_ms  of M_LIMIT_EXCEEDED; 0: not said
std::string error_body(const fault& why, std::uint32_t retry_after_ms = 0);

void reply(decision& out, const federation_call& to, int status, std::string body, std::uint32_t retry_after_ms = 0);
/// Answers with the fault's HTTP status and errcode.
void refuse(decision& out, const federation_call& to, const fault& why, std::uint32_t retry_after_ms = 0);

/// The RESULT of a command. @param keep  a repetition of the command is answered from the store; not for queries
void command_succeeded(decision& out, const command_reference& of, std::string command, const chat::answer& what,
                       bool keep = true);
/// A final refusal is an answer like any other and kept; what may be repeated is not.
void command_failed(decision& out, const command_reference& of, std::string command, const fault& why);

} // namespace causeway
