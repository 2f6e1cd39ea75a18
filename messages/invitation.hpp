#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// Words of an invitation or knock, each once: columns of the store, fields of the chat contract and of the operator's
/// lists are read and printed with them; inside they are these values.
namespace causeway {

/// Where an invitation or knock stands. Which cause leads from one to the next: messages/invitation_transitions.hpp.
enum class invitation_state : std::uint8_t {
  none, ///< there is none
  sending,
  pending,
  accepted,
  rejected,
  revoked,
  revoked_unconfirmed,
  expired,
  failed,
  banned,
};

enum class invitation_direction : std::uint8_t {
  outgoing, ///< one of ours invites a user of another server
  incoming, ///< one of ours is invited
  knock,    ///< one of ours asks to be let in
};

/// What is still to be done for an invitation, again until it succeeds or is given up.
enum class next_request : std::uint8_t {
  none,
  invite,  ///< PUT /invite to the invited server
  commit,  ///< the invited server has signed: the room is to take the event
  leave,   ///< make_leave and send_leave: a rejection, or a knock that was taken back
  rescind, ///< the leave that revoked it once more: the invite may have arrived behind it
  join,    ///< the room is to join: the answer to an attempt was lost, or a knock was let in
  knock,   ///< make_knock and send_knock
  ask,     ///< the server that took the knock: does it still stand?
  tell,    ///< the chat server, as soon as the inviting server may invite again
};

namespace detail {
inline constexpr std::array invitation_states{
  "", "sending", "pending", "accepted", "rejected", "revoked", "revoked_unconfirmed", "expired", "failed", "banned"};
inline constexpr std::array invitation_directions{"outgoing", "incoming", "knock"};
inline constexpr std::array next_requests{"", "invite", "commit", "leave", "rescind", "join", "knock", "ask", "tell"};

template <class Enum, std::size_t Count>
constexpr std::optional<Enum> find_word(const std::array<const char*, Count>& words, std::string_view text) {
  for (std::size_t i = 0; i < Count; ++i)
    if (words[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}
} // namespace detail

constexpr const char* name(invitation_state x) { return detail::invitation_states[static_cast<std::size_t>(x)]; }
constexpr const char* name(invitation_direction x) {
  return detail::invitation_directions[static_cast<std::size_t>(x)];
}
constexpr const char* name(next_request x) { return detail::next_requests[static_cast<std::size_t>(x)]; }

/// @returns nothing: no such word; the empty one is that of `none`
constexpr std::optional<invitation_state> find_invitation_state(std::string_view text) {
  return detail::find_word<invitation_state>(detail::invitation_states, text);
}
constexpr std::optional<invitation_direction> find_invitation_direction(std::string_view text) {
  return detail::find_word<invitation_direction>(detail::invitation_directions, text);
}
constexpr std::optional<next_request> find_next_request(std::string_view text) {
  return detail::find_word<next_request>(detail::next_requests, text);
}

/// Words of all states that an invitation can be in.
inline constexpr std::span<const char* const> invitation_state_words =
  std::span<const char* const>{detail::invitation_states}.subspan(1);
inline constexpr std::span<const char* const> invitation_direction_words{detail::invitation_directions};

/// Whether who was asked may still answer.
constexpr bool is_open(invitation_state x) { return x == invitation_state::sending || x == invitation_state::pending; }
/// Whether its end is still to come: who was asked may answer, or the other server has not confirmed the revocation.
constexpr bool is_waiting(invitation_state x) { return is_open(x) || x == invitation_state::revoked_unconfirmed; }

} // namespace causeway
