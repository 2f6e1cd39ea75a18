#pragma once
#include "messages/store.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace causeway {

/// What a dead letter is called by the chat server and the operator: "STREAM-CURSOR" of its notification.
std::string dead_letter_id(const store::dead_letter_place& at);
/// Nothing where the text is no such name, or names what no store can hold.
std::optional<store::dead_letter_place> dead_letter_place_of(std::string_view id);

} // namespace causeway
