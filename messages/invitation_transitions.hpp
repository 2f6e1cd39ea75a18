#pragma once
#include "messages/invitation.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>

/// The life of invitations and knocks as a table: a state and a cause give the next state and what the chat server is
/// notified of. `invitation_record` changes a state by it only; what it does not have cannot happen. CONTRACT.md has it
/// printed (`causeway contract tables`).
namespace causeway {

/// Why an invitation or knock comes into another state.
enum class invitation_cause : std::uint8_t {
  invited,        ///< by a user of ours, or of another server; of a knock: the answer to it
  knocked,        ///< by a user of ours
  taken,          ///< by the invited server and the room; of a knock: by a server of the room, or by a room of ours
  joined,         ///< who was invited or knocked is a member
  rejected,       ///< by who was invited; of a knock: by a member of the room
  revoked,        ///< by the inviting side; of a knock: by who knocked
  revoked_unsent, ///< before the other server could know of it
  revocation_delivered, ///< the other server has confirmed the leave
  expired,              ///< nobody answered in time
  failed,               ///< refused for good, or given up
  banned,               ///< who was invited or knocked
  reopened,             ///< who accepted is not in the room, and is asked again
};
inline constexpr std::size_t invitation_cause_count = 12;

constexpr const char* name(invitation_cause x) {
  constexpr std::array names{"invited",  "knocked", "taken",          "joined",
                             "rejected", "revoked", "revoked_unsent", "revocation_delivered",
                             "expired",  "failed",  "banned",         "reopened"};
  static_assert(names.size() == invitation_cause_count);
  return names[static_cast<std::size_t>(x)];
}

/// What the chat server is notified of when a state changes.
enum class invitation_notice : std::uint8_t {
  nothing,
  changed,  ///< invitation.changed
  received, ///< invitation.received
};

/// Some states, as a set.
struct invitation_state_set {
  std::uint16_t bits = 0;
  constexpr invitation_state_set(std::initializer_list<invitation_state> states) {
    for (const auto x : states) bits = static_cast<std::uint16_t>(bits | 1u << static_cast<unsigned>(x));
  }
  constexpr bool has(invitation_state x) const { return (bits >> static_cast<unsigned>(x) & 1u) != 0; }
};

/// One rule of the table.
struct invitation_transition {
  invitation_direction direction;
  invitation_cause cause;
  invitation_state_set from;
  invitation_state to;
  invitation_notice notice;
  const char* says; ///< the cause, for this direction
};

/// In the order of the lives. A state that comes to itself is a repetition: nobody is notified. A new invitation of the
/// same user takes the place of what was there before, whatever its state: it begins with `none`.
inline constexpr auto invitation_transitions = [] {
  using enum invitation_state;
  using direction = invitation_direction;
  using cause = invitation_cause;
  constexpr auto changed = invitation_notice::changed, received = invitation_notice::received,
                 nothing = invitation_notice::nothing;
  return std::to_array<invitation_transition>({
    {direction::outgoing, cause::invited, {none}, sending, changed, "one of your users invites"},
    {direction::outgoing,
     cause::taken,
     {sending},
     pending,
     changed,
     "the invited server has signed the invite and the room has taken it"},
    {direction::outgoing, cause::joined, {sending, pending}, accepted, changed, "the invited user has joined"},
    {direction::outgoing,
     cause::joined,
     {failed},
     accepted,
     changed,
     "the invited user has joined by it: what was refused was a repetition"},
    {direction::outgoing,
     cause::joined,
     {revoked, revoked_unconfirmed, expired},
     accepted,
     changed,
     "the invited user had joined before the revocation reached them, in a room that is open to all: `member.kick` "
     "removes them"},
    {direction::outgoing,
     cause::rejected,
     {sending, pending, revoked_unconfirmed},
     rejected,
     changed,
     "the invited user said no"},
    {direction::outgoing,
     cause::revoked_unsent,
     {sending},
     revoked,
     changed,
     "it is revoked before it was offered to the invited server"},
    {direction::outgoing,
     cause::revoked,
     {sending, pending},
     revoked_unconfirmed,
     changed,
     "it is revoked, and the invited server has still to be told"},
    {direction::outgoing,
     cause::revocation_delivered,
     {revoked_unconfirmed},
     revoked,
     changed,
     "the invited server has confirmed the revocation"},
    {direction::outgoing, cause::expired, {sending, pending}, expired, changed, "nobody answered in time"},
    {direction::outgoing,
     cause::failed,
     {sending},
     failed,
     changed,
     "the invited server or the room refuses it, or it was given up"},
    {direction::outgoing,
     cause::banned,
     {sending, pending, revoked_unconfirmed},
     banned,
     changed,
     "the invited user is banned"},

    {direction::incoming, cause::invited, {none}, pending, received, "a user of another server invites"},
    {direction::incoming, cause::joined, {pending}, accepted, changed, "your user has joined"},
    {direction::incoming, cause::rejected, {pending}, rejected, changed, "your user said no"},
    {direction::incoming, cause::revoked, {pending}, revoked, changed, "the inviting side took it back"},
    {direction::incoming, cause::banned, {pending}, banned, changed, "your user is banned"},
    {direction::incoming,
     cause::reopened,
     {accepted},
     pending,
     received,
     "your user accepted and is not in the room: they are asked again"},

    {direction::knock, cause::knocked, {none}, sending, changed, "your user knocks"},
    {direction::knock, cause::knocked, {sending}, sending, nothing, "your user knocks once more"},
    {direction::knock,
     cause::taken,
     {none, sending},
     pending,
     changed,
     "a server of the room, or a room of yours, has taken the knock"},
    {direction::knock, cause::invited, {sending, pending}, accepted, changed, "your user is invited, and joins"},
    {direction::knock, cause::joined, {sending, pending}, accepted, changed, "your user has joined"},
    {direction::knock, cause::joined, {accepted}, accepted, nothing, "the join that follows has come through"},
    {direction::knock,
     cause::rejected,
     {sending, pending, accepted},
     rejected,
     changed,
     "a member of the room said no"},
    {direction::knock, cause::revoked, {sending, pending, accepted}, revoked, changed, "your user took it back"},
    {direction::knock, cause::failed, {sending}, failed, changed, "no server of the room takes it, or it was given up"},
    {direction::knock, cause::banned, {sending, pending, accepted}, banned, changed, "your user is banned"},
    {direction::knock,
     cause::reopened,
     {accepted},
     pending,
     received,
     "the join did not succeed: it is an incoming invitation from now on"},
  });
}();

/// @returns null: that cannot happen
constexpr const invitation_transition* find_transition(invitation_direction direction, invitation_state from,
                                                       invitation_cause cause) {
  for (const auto& x : invitation_transitions)
    if (x.direction == direction && x.cause == cause && x.from.has(from)) return &x;
  return nullptr;
}

} // namespace causeway
