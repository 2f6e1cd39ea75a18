#pragma once
#include "messages/chat/notifications.hpp"

#include <cstddef>
#include <vector>

/// Lists of invitations in answers to the chat server: a room keeps those that are over for ever, a message of the edge
/// is bounded.
namespace causeway::invitation {

/// Invitations in one answer, and bytes of their texts: far below limits::chat_frame_bytes_max with the rest of the
/// answer.
inline constexpr std::size_t shown_max = 1'000;
inline constexpr std::size_t shown_bytes_max = 512 * 1024;

/// Keeps what fits: those that wait for an answer first, the latest first among each.
/// @returns whether some were left out
bool shorten(std::vector<chat::invitation_view>& list);

} // namespace causeway::invitation
