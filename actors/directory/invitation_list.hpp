#pragma once
#include "messages/store.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Places in the list of invitations, as the chat server gets them (`next`) and gives them back (`after`).
namespace causeway::directory {

std::string text_of(const store::invitation_place& x);
/// Nothing: it is not the text of a place.
std::optional<store::invitation_place> place_of(std::string_view text);

} // namespace causeway::directory
