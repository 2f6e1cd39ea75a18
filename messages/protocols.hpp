#pragma once
#include "messages/message.hpp"

#include <array>
#include <cstddef>
#include <type_traits>
#include <variant>

/// The map of the system: every kind of actor and all it understands, with who says it. The message_router refuses
/// whatever is not in here, so this file cannot fall behind the code. What a message means stands with its struct
/// (room.hpp, remote_server.hpp, session.hpp, verifier.hpp, message.hpp).
namespace causeway {

template <class... Ts>
struct hears {};

template <actor_kind Kind>
struct protocol {
  using type = hears<>;
};

/// Every actor, from its supervisor, its own timers, the store and the operator.
using heard_by_all = hears<start, passivate, timer_due, store_answered, status_request>;

/// One room: authors and judges its events.
template <>
struct protocol<actor_kind::room> {
  using type = hears<
    chat_command,      // directory: a command with names resolved
    room_named,        // directory: the chat server has bound its own id
    pdus_received,     // remote_server: events of one transaction; operator: events of another server -> pdus_handled
    edu_received,      // remote_server: typing and the like
    receipts_received, // remote_server: how far its users have read
    room_servers_request, // receipts, directory -> room_servers_response
    federation_call, // remote_server: make_join, state, backfill, ...; directory: invite, alias -> federation_reply
    peer_answer,     // remote_server: answer to a peer_request
    events_verified, // verifier: answer to verify_events
    pdus_handled,    // room: itself, on an invite that came by PUT /invite
    invite_begun,    // invitation: the row of our invite is on disk
    invite_accepted_by_server, // invitation: the invite may enter the graph
    invite_abandoned,          // invitation: it will not
    invite_arrived,            // invitation: another server's invite of one of ours -> invite_placed
    revoke_invite,             // invitation -> revocation_result
    membership_request,        // invitation -> invited_membership_changed
    rescission_wanted_again,   // invitation: at start and hourly, while a revocation is unconfirmed
    rescission_result,         // invitation: answer to rescission_received
    join_request,              // invitation -> join_result; itself, when their invite has its place; room, one that
                               // goes on as it -> successor_joined
    leave_request,             // invitation -> join_result
    room_version_refused,      // invitation: the invited server does not know the version -> refounding_ended
    refounding_request,        // room: its successor is to make itself of it -> refounding_done
    refounding_done,           // room: the successor
    handover_ended,            // room: no commands of it follow
    room_succeeded,            // directory: who names the room means the successor
    summary_request,           // room: a space asks its child -> summary_response
    summary_response,          // room
    member_request,            // room: one whose join rule is about us; directory: who shares a room -> member_response
    member_response,           // room
    member_update_request,     // directory -> member_updated
    successor_request,         // room: one that is upgraded has it made -> successor_founded
    successor_founded,         // room: the new one
    successor_joined,          // room: the new one, of a user who follows
    direct_request>;           // directory: before a room.create of a dm -> direct_response
};

/// One other homeserver: its queue, back-off, keys, and what it asks of us.
template <>
struct protocol<actor_kind::remote_server> {
  using type = hears<pdu_queued,   // room: owed to this server, committed
                     edu_queued,   // room, receipts, directory: to go along with the next transaction -> edu_completed
                     peer_request, // room, invitation, media, operator -> peer_answer
                     keys_request, // verifier, invitation, directory -> keys_response
                     notary_keys_request,  // remote_server, of a notary -> notary_keys_response
                     notary_keys_response, // remote_server of a notary
                     inbound_request,      // gateway edge: to be authenticated, then answered or handed on
                     call_answered,        // gateway edge: what was handed on is answered, with so many bytes
                     pdus_handled,         // room: verdicts on its share of a transaction
                     http_answered,        // gateway: answer to an http_request
                     server_alive,         // nobody now: it sees by itself what comes from its server
                     settings_replaced,    // shell: whether we federate with it may have changed
                     retry_now,            // operator
                     pause_request>;       // operator
};

/// One invitation of one user to one room.
template <>
struct protocol<actor_kind::invitation> {
  using type = hears<chat_command,               // room: invite.revoke, invite.answer, room.knock, knock.retract
                     federation_call,            // room: PUT /invite, its server ACL passed -> federation_reply
                     room_invite_request,        // room: one of ours invites: write the row and begin -> invite_begun
                     knock_made,                 // room: one of ours knocks at it: write the row
                     invite_placed,              // room: answer to invite_arrived
                     invite_admitted,            // directory: answer to invite_admission_request
                     invited_membership_changed, // room: the user's membership in the current state
                     revocation_result,          // room: answer to revoke_invite
                     join_result,                // room: answer to join_request and leave_request
                     rescission_received,        // room: a PDU that may take an invitation back, or reject a knock
                     rescission_delivered,       // remote_server: the leave has arrived
                     server_alive,               // room: its server knows of the invite; operator: try again now
                     invite_not_taken,           // room: the invite no longer passes its rules
                     refounding_ended,           // room: whether it is founded again in another version
                     peer_answer,                // remote_server
                     keys_response,              // remote_server
                     settings_replaced,          // shell: whether its server is spoken to may have changed
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
    hears<command_received,      // session
          chat_server_seen,      // session: it has connected, or is gone
          presence_received,     // remote_server: whether its users are there
          edu_completed,         // remote_server: what became of an EDU
          room_servers_response, // room: who is in it
          local_users_joined,    // room: who of ours has come in
          federation_call, // remote_server: profiles, aliases, public rooms, devices, invitations; gateway edge: notary
          keys_response,   // remote_server: for the notary
          peer_answer,     // remote_server: what an alias of it means
          invite_admission_request, // invitation -> invite_admitted
          room_listed,              // room: its aliases, its entry among the public rooms, who of ours is in it
          member_response,          // room: whether it is shared with another server
          member_updated,           // room: answer to member_update_request
          direct_response,          // room: whether it is the dm of two
          room_succeeded,           // room: another one has taken its place -> room_succeeded
          room_named>;              // room, session: a chat id and its room, or that the room has it no longer
};

/// Signatures and hashes; the workers hear verify_piece only.
template <>
struct protocol<actor_kind::verifier> {
  using type = hears<verify_events,   // room, invitation -> events_verified
                     keys_response,   // remote_server
                     verify_piece,    // verifier -> its workers
                     piece_verified>; // workers -> verifier
};

/// How far everybody has read; tells other servers of our users.
template <>
struct protocol<actor_kind::receipts> {
  using type = hears<markers_moved,         // room: users have read
                     readers_request,       // room: a query about it
                     server_joined,         // room: another server has come in
                     room_servers_response, // room: who is in it
                     edu_completed,         // remote_server: what became of an EDU
                     settings_replaced,     // shell: what is told, and to whom, may have changed
                     server_alive>;         // remote_server: it takes transactions again
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
  using type = hears<status_response, // anyone
                     peer_answer,     // remote_server: how others see a room
                     pdus_handled>;   // room: events the operator had fetched for it
};

/// The node itself, outside the actors.
template <>
struct protocol<actor_kind::node> {
  using type = hears<switches_set>; // directory
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
                                           detail::row<protocol<actor_kind::media>::type>(false),
                                           detail::row<protocol<actor_kind::receipts>::type>(true),
                                           detail::row<protocol<actor_kind::node>::type>(false)};
  static_assert(table.size() == actor_kinds);
  return table[static_cast<std::size_t>(kind)][m.index()];
}

} // namespace causeway
