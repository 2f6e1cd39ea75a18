#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace causeway::matrix {

/// What a room's state says of a user. Source: client-server-api, "m.room.member". Events, chat commands and lists for
/// people have its word; inside it is this value.
enum class membership : std::uint8_t {
  none, ///< no membership event, or one without the word
  join,
  invite,
  knock,
  leave,
  ban,
  unknown, ///< a word that the specification does not have: rule 5.8 rejects the event, and its user is no member
};

inline constexpr std::array membership_words{"", "join", "invite", "knock", "leave", "ban", "unknown"};

constexpr const char* name(membership x) { return membership_words[static_cast<std::size_t>(x)]; }

/// @param text  `content.membership`
constexpr membership parse_membership(std::string_view text) {
  for (std::size_t i = 0; i < membership_words.size(); ++i)
    if (membership_words[i] == text) return static_cast<membership>(i);
  return membership::unknown;
}

} // namespace causeway::matrix
