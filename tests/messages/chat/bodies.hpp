#pragma once
#include "messages/chat/commands.hpp"
#include "messages/chat/notifications.hpp"

#include <string>
#include <utility>
#include <vector>

/// One value of everything the chat contract can carry, with all fields and with none but those that have to be there.
namespace causeway::test {

std::vector<chat::command> commands();
std::vector<chat::notification> notifications();
std::vector<std::pair<std::string, chat::answer>> answers();
chat::typing_changed a_typing_changed();
chat::receipt_changed a_receipt_changed();
chat::presence_changed a_presence_changed();
chat::join_progress a_join_progress();
chat::media_available a_media_available();
chat::ask_user an_ask_user();

} // namespace causeway::test
