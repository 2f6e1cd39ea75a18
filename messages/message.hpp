#pragma once
#include "messages/alternatives.hpp"
#include "messages/federation_switches.hpp"
#include "messages/receipts.hpp"
#include "messages/remote_server.hpp"
#include "messages/room.hpp"
#include "messages/session.hpp"
#include "messages/store.hpp"
#include "messages/timer_name.hpp"
#include "messages/trace.hpp"
#include "messages/verifier.hpp"

#include <string>
#include <variant>

namespace causeway {

/// Tells an actor that it begins: load what is on disk.
struct start {};
/// A timer set with `wake_me_at` is due.
struct timer_due {
  timer_name name = {};
};
/// The store's answer to an `ask_store` effect.
struct store_answered {
  token asked = 0;
  std::shared_ptr<const store::answer> answer;
};
/// An actor with nothing to do may end (supervisor -> actor); it answers by finishing, or goes on.
struct passivate {};
/// The gateway's answer to an http_request.
struct http_answered {
  std::shared_ptr<const gateway::http_answer> answer;
};
/// directory <- room: names of a room, for routing.
struct room_named {
  std::string room_id, chat_room_id;
  std::string former = {}; ///< the room that had the id until now and goes on as this one; empty: none

  static void fields(auto& f, auto& x) {
    f.required("room_id", x.room_id);
    f.optional("chat_room_id", x.chat_room_id);
    f.optional("former", x.former);
  }
};
/// For `causeway actors` and friends: say how you are, as one JSON object.
struct status_request {
  address reply_to;
  token asked = 0;

  static void fields(auto& f, auto& x) {
    f.required("reply_to", x.reply_to);
    f.required("asked", x.asked);
  }
};
struct status_response {
  token asked = 0;
  address who;
  std::string json;

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.required("who", x.who);
    f.required("json", x.json);
  }
};

/// directory -> node: this is in force from now on, for whoever is spoken to behind it. It is on disk.
struct switches_set {
  federation_switches now;
};
/// shell -> its machine: the settings have been replaced (actors/context.hpp).
struct settings_replaced {};

/// Everything actors say to each other. Which actor understands what: protocols.hpp.
using message_content = std::variant<
  start, timer_due, store_answered, passivate, http_answered, room_named, status_request, status_response, pdu_queued,
  edu_queued, peer_request, peer_answer, keys_request, keys_response, notary_keys_request, notary_keys_response,
  inbound_request, pdus_handled, call_answered, retry_now, pause_request, chat_command, federation_call,
  federation_reply, pdus_received, edu_received, rescission_received, invite_accepted_by_server, invite_begun,
  invite_abandoned, revoke_invite, revocation_result, membership_request, join_request, join_result, leave_request,
  invited_membership_changed, room_invite_request, knock_made, invite_arrived, invite_placed, invite_admission_request,
  invite_admitted, rescission_delivered, rescission_wanted_again, invite_not_taken, rescission_result,
  room_version_refused, refounding_ended, refounding_request, refounding_done, handover_ended, room_succeeded,
  room_listed, summary_request, summary_response, member_request, member_response, successor_request, successor_founded,
  successor_joined, direct_request, direct_response, verify_events, events_verified, verify_piece, piece_verified,
  server_alive, frame_received, connection_lost, node_stopping, send_frame, command_received, command_done,
  outbox_advanced, ephemeral_notification, store_state_changed, clock_state_changed, commands_lost,
  gateway::http_request, switches_set, settings_replaced, member_update_request, member_updated, receipts_received,
  markers_moved, readers_request, room_servers_request, room_servers_response, edu_completed, server_joined,
  local_users_joined, chat_server_seen, presence_received>;
/// What somebody looks at just now, so that a machine need not make it for nobody; bits of `message::watched`.
inline constexpr std::uint8_t watched_hops = 1;  ///< the hops of events (actors/hops.hpp)
inline constexpr std::uint8_t watched_debug = 2; ///< log lines of level debug

/// A type of its own, so that its special members, which are long, are compiled in one file and not in each that has
/// one.
struct message : message_content {
  message() noexcept;
  template <alternative_of<message_content> T>
  message(T x) noexcept : message(place_in<T, message_content>, &x) {}
  message(const message&);
  message(message&&) noexcept;
  message& operator=(const message&);
  message& operator=(message&&) noexcept;
  ~message();

  // The envelope. The shell fills it; a machine that keeps a message for later keeps it with it.
  trace_id trace = 0;       ///< because of what it is sent; 0: of what is being handled when it is sent
  std::uint8_t watched = 0; ///< set when it is handed to the machine

private:
  message(std::size_t place, void* alternative) noexcept;
};

} // namespace causeway
