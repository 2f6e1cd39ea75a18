#pragma once
#include "messages/matrix/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace causeway::invitation {

/// Bytes kept of what another server tells of the room it invites to, as canonical JSON. A name, a topic and a handful
/// of whole events need a tenth.
inline constexpr std::size_t room_preview_bytes_max = 16 * 1024;

/// What is kept of an `invite_room_state`: of each type that tells people where they are invited to the first event,
/// and the membership of `inviter`, in order of importance and as long as they fit into `room_preview_bytes_max`.
/// Nothing of it is verified.
/// @param told  anything, or null; of more than 128 KiB nothing is kept
/// @returns a JSON array
/// Spec: client-server-api, "Stripped state".
std::string room_preview(const matrix::json::value* told, std::string_view inviter);

/// A text in the content of one event of a preview, at most 1,000 bytes of it; empty when there is none.
std::string preview_text(std::string_view preview, std::string_view type, std::string_view state_key,
                         std::string_view key);

} // namespace causeway::invitation
