#pragma once
#include "messages/message.hpp"

#include <array>
#include <cstddef>
#include <type_traits>
#include <variant>

/// The map of the system: every kind of actor and all it understands, with who says it. The switchboard refuses whatever is not
/// in here, so this file cannot fall behind the code. What a message means stands with its struct (room.hpp,
/// remote_server.hpp, session.hpp, verifier.hpp, message.hpp).
namespace causeway {

template <class... Ts>
struct hears {};

template <actor_kind Kind>
struct protocol {
  using type = hears<>;
};

/// Every actor, from its supervisor, its own timers, the store and the operator.
using heard_by_all = hears<start, passivate, timer_due, store_answered, status_wanted>;

/// One room: authors and judges its events.
template <>
struct protocol<actor_kind::room> {
  using type = hears<
    chat_command,    // directory: a command with names resolved
    room_named,      // directory: the chat server has bound its own id
    pdus_received,   // remote_server: events of one transaction -> pdus_handled
    edu_received,    // remote_server: typing and the like
    federation_call, // remote_server: make_join, state, backfill, ...; directory: invite, alias -> federation_reply
    peer_answer,     // remote_server: answer to a peer_request
    events_verified, // verifier: answer to verify_events
    pdus_handled,    // room: itself, on an invite that came by PUT /invite
    invite_begun,    // invitation: the row of our invite is on disk
    invite_accepted_by_server, // invitation: the invite may enter the graph
    invite_given_up,           // invitation: it will not
    invite_arrived,            // invitation: another server's invite of one of ours -> invite_placed
    revoke_invite,             // invitation -> revocation_done
    membership_wanted,         // invitation -> invited_membership_changed
    rescission_wanted_again,   // invitation: at start, when a revocation is unconfirmed
    rescission_handled,        // invitation: answer to rescission_received
    join_wanted,               // invitation -> join_finished; itself, when his invite has its place
    leave_wanted,              // invitation -> join_finished
    summary_wanted,            // room: a space asks its child -> summary_told
    summary_told,              // room
    member_wanted,             // room: one whose join rule is about us; directory: who shares a room -> member_told
    member_told>;              // room
};

/// One other homeserver: its queue, back-off, keys, and what it asks of us.
template <>
struct protocol<actor_kind::remote_server> {
  using type = hears<pdu_queued,         // room: owed to this server, committed
                     edu_queued,         // room: to go along with the next transaction
                     peer_request,       // room, invitation, media -> peer_answer
                     keys_wanted,        // verifier, invitation, directory -> keys_found
                     notary_keys_wanted, // remote_server, of a notary -> notary_keys_told
                     notary_keys_told,   // remote_server of a notary
                     inbound_request,    // gateway edge: to be authenticated, then answered or handed on
                     call_answered,      // gateway edge: what was handed on is answered, with so many bytes
                     pdus_handled,       // room: verdicts on its share of a transaction
                     http_answered,      // gateway: answer to an http_request
                     server_alive,       // anyone: try again now
                     retry_now>;         // operator
};

/// One invitation of one user to one room.
template <>
struct protocol<actor_kind::invitation> {
  using type = hears<chat_command,               // room: invite.revoke, invite.answer, room.knock, knock.retract
                     federation_call,            // room: PUT /invite, its server ACL passed -> federation_reply
                     invite_wanted,              // room: one of ours invites: write the row and begin -> invite_begun
                     knock_made,                 // room: one of ours knocks at it: write the row
                     invite_placed,              // room: answer to invite_arrived
                     invite_admitted,            // directory: answer to invite_admission_wanted
                     invited_membership_changed, // room: the user's membership in the current state
                     revocation_done,            // room: answer to revoke_invite
                     join_finished,              // room: answer to join_wanted and leave_wanted
                     rescission_received,        // room: a PDU that may take an invitation back, or reject a knock
                     rescission_delivered,       // remote_server: the leave has arrived
                     server_alive,               // room: the invited server knows of the invite, try again now
                     invite_not_taken,           // room: the invite no longer passes its rules
                     peer_answer,                // remote_server
                     keys_found,                 // remote_server
                     events_verified>;           // verifier
};

/// The chat side: connections, cursors, credit, open commands.
template <>
struct protocol<actor_kind::session> {
  using type = hears<frame_received,          // edge
                     connection_lost,         // edge
                     node_stopping,           // node
                     command_done,            // room, invitation, directory, media: the RESULT
                     outbox_advanced,         // store: durable notifications were committed
                     store_state_changed,     // store: it does not write, or does again
                     clock_state_changed,     // node: nothing is signed by this clock, or is again
                     commands_lost,           // supervisor: an actor failed with commands open
                     ephemeral_notification>; // room
};

/// Names of rooms and users; routes commands.
template <>
struct protocol<actor_kind::directory> {
  using type =
    hears<command_received, // session
          federation_call, // remote_server: profiles, aliases, public rooms, devices, invitations; gateway edge: notary
          keys_found,      // remote_server: for the notary
          peer_answer,     // remote_server: what an alias of it means
          invite_admission_wanted, // invitation -> invite_admitted
          room_listed,             // room: its aliases, its entry among the public rooms, who of ours is in it
          member_told,             // room: whether it is shared with another server
          room_named>;             // room, session: a chat id and its room
};

/// Signatures and hashes; the workers hear verify_piece only.
template <>
struct protocol<actor_kind::verifier> {
  using type = hears<verify_events,   // room, invitation -> events_verified
                     keys_found,      // remote_server
                     verify_piece,    // verifier -> its workers
                     piece_verified>; // workers -> verifier
};

/// HTTPS, outside the actors.
template <>
struct protocol<actor_kind::gateway> {
  using type = hears<gateway::http_request, // remote_server -> http_answered
                     federation_reply>;     // remote_server, room, invitation, directory
};

/// ZeroMQ, outside the actors.
template <>
struct protocol<actor_kind::edge> {
  using type = hears<send_frame>; // session
};

/// Files, outside the actors.
template <>
struct protocol<actor_kind::media> {
  using type = hears<command_received, // directory: media.get, media.put -> command_done
                     federation_call,  // remote_server: download, thumbnail; answered to the gateway
                     peer_answer>;     // remote_server: a file of another server, or why not
};

/// The operator's eye, outside the actors.
template <>
struct protocol<actor_kind::inspector> {
  using type = hears<status_told>; // anyone
};

namespace detail {

template <class T, class List>
struct is_in;
template <class T, class... Ts>
struct is_in<T, hears<Ts...>> : std::bool_constant<(std::is_same_v<T, Ts> || ...)> {};

template <class List, std::size_t... I>
constexpr auto row(std::index_sequence<I...>, bool is_actor) {
  return std::array<bool, sizeof...(I)>{
    (is_in<std::variant_alternative_t<I, message_content>, List>::value ||
     (is_actor && is_in<std::variant_alternative_t<I, message_content>, heard_by_all>::value))...};
}
template <class List>
constexpr auto row(bool is_actor) {
  return row<List>(std::make_index_sequence<std::variant_size_v<message_content>>{}, is_actor);
}

} // namespace detail

/// Whether a kind of actor understands a message.
inline bool understands(actor_kind kind, const message& m) {
  static constexpr auto nothing = detail::row<hears<>>(false);
  static constexpr auto table = std::array{detail::row<protocol<actor_kind::room>::type>(true),
                                           detail::row<protocol<actor_kind::remote_server>::type>(true),
                                           detail::row<protocol<actor_kind::invitation>::type>(true),
                                           detail::row<protocol<actor_kind::session>::type>(true),
                                           detail::row<protocol<actor_kind::directory>::type>(true),
                                           detail::row<protocol<actor_kind::verifier>::type>(true),
                                           nothing,
                                           detail::row<protocol<actor_kind::gateway>::type>(false),
                                           detail::row<protocol<actor_kind::edge>::type>(false),
                                           detail::row<protocol<actor_kind::inspector>::type>(false),
                                           detail::row<protocol<actor_kind::media>::type>(false)};
  static_assert(table.size() == static_cast<std::size_t>(actor_kind::media) + 1);
  return table[static_cast<std::size_t>(kind)][m.index()];
}

} // namespace causeway
