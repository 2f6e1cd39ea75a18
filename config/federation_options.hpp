#pragma once
#include "messages/federation_switches.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace causeway::config {

/// Which `delivery.changed` notifications the chat server gets; in the file by name.
enum class delivery_detail : std::uint8_t {
  none,
  delayed, ///< of servers that could not be reached at the first attempt
  all,
};

/// For whom we are a notary; in the file by name.
enum class notary_service : std::uint8_t {
  none,    ///< nobody: the questions are unknown here
  cached,  ///< anybody is told what is kept
  fetched, ///< the same, and for a server that says who it is (X-Matrix) what is missing is fetched
};

/// What is done where people of other servers change what ours may do in a room of ours; in the file by name.
enum class drift_policy : std::uint8_t {
  report, ///< the chat server is told, and decides
  push,   ///< the chat server's roles are the truth: who still may gives them again
  pull,   ///< the room is: the chat server takes over what it says
};

/// `[federation]`: how we behave towards other servers.
struct federation_options {
  bool enabled = true;   ///< false: nothing is sent to other servers, and nothing taken from them
  bool typing = true;    ///< who types is told, both ways
  bool receipts = false; ///< who has read what is told, both ways
  bool presence = false; ///< who is there is told, both ways
  invite_policy invites = invite_policy::allow;
  federating_users users_may_federate = federating_users::all;
  std::string room_version = "12"; ///< of rooms we create
  /// A room whose version an invited server does not know is founded again in an older one, down to this, while nobody
  /// else has seen it. The same as `room_version`: never.
  std::string room_version_min = "6";
  std::uint32_t retry_delay_ms_min = 1'000;      ///< first back-off of a destination, doubling; range 10..60000
  std::uint32_t retry_delay_ms_max = 900'000;    ///< cap during the first day; range 100..86400000
  std::uint32_t retry_delay_late_ms = 3'600'000; ///< after a day of failures; range 100..86400000
  std::uint32_t retry_jitter_percent = 20;       ///< +-; range 0..50
  std::uint32_t send_timeout_ms = 60'000;        ///< PUT /send; range 1000..600000
  std::uint32_t request_timeout_ms = 30'000;     ///< any other request; range 1000..600000
  std::uint32_t make_join_timeout_ms = 20'000;   ///< range 1000..600000
  std::uint32_t send_join_timeout_ms = 180'000;  ///< range 1000..3600000
  std::uint32_t queue_memory_pdus_max =
    1'000; ///< PDUs per destination kept in memory; the rest waits in the store; range 50..100000
  std::uint32_t queue_edus_max = 200;          ///< EDUs per destination; the oldest are dropped beyond; range 1..10000
  std::uint32_t key_lifetime_h = 24;           ///< valid_until_ts we publish; range 1..168
  std::uint32_t key_fetch_timeout_ms = 10'000; ///< a server's answer about its own keys; range 1000..120000
  std::uint32_t key_fetch_retry_ms = 10'000;   ///< pause after a failed key fetch, doubling; range 100..3600000
  std::uint32_t key_fetch_retry_ms_max = 600'000; ///< cap of that; range 100..86400000
  std::vector<std::string> trusted_key_servers; ///< notaries, asked in this order when a server does not tell its keys
  std::uint32_t notary_timeout_ms = 15'000;     ///< a notary's answer; range 1000..120000
  /// A server that failed for so long and comes back gets the newest event of each room first; range 1000..604800000.
  std::uint32_t catch_up_after_ms = 3'600'000;
  std::uint32_t catch_up_pdus_min = 500; ///< fewer queued PDUs are sent in order; range 1..1000000
  std::uint32_t policy_server_timeout_ms =
    30'000;                               ///< a policy server's signature, each of two attempts; range 1000..120000
  std::vector<std::string> allow_servers; ///< globs; empty: all
  std::vector<std::string> deny_servers;  ///< globs
  std::uint32_t inbound_requests_per_second =
    50;                                       ///< of one server, PUT /send apart; further ones get 429; range 1..100000
  std::uint32_t inbound_requests_burst = 500; ///< as many may come at once after a pause; range 1..1000000
  std::uint32_t inbound_answers_mib_per_second =
    8; ///< answered to one server; while it has had more its requests get 429; range 1..100000
  std::uint32_t inbound_answers_mib_burst = 256; ///< as much may be answered at once after a pause; range 1..1000000
  /// Questions about state and history of one server worked on at once; further ones wait, up to a hundred; range
  /// 1..1000.
  std::uint32_t inbound_history_requests_max = 8;
  notary_service notary = notary_service::fetched;
  std::uint32_t notary_requests_per_second =
    5; ///< questions about keys of one address (IPv6: /64); further ones get 429; range 1..100000
  std::uint32_t notary_requests_burst = 50; ///< as many may come at once after a pause; range 1..1000000
  std::uint32_t fan_out_per_second =
    1'000; ///< servers that are handed what goes to more than 64 of them; the active ones first; range 10..1000000
  /// Servers that an event is queued for at once; where a room has more, those that have answered lately come first and
  /// the others follow in parts of as many; range 1..10000.
  std::uint32_t fan_out_part = 64;
  bool public_directory = true;              ///< other servers may list our public rooms
  bool ask_user = false;                     ///< the chat server answers ask.user about users it has not told of
  std::uint32_t ask_user_timeout_ms = 5'000; ///< range 100..30000
  std::uint32_t ask_user_cache_s = 300;      ///< that there is no such user; range 1..86400
  /// Profiles and devices are told only to servers that share a room with the user. Whoever is about to invite somebody
  /// asks before there is a room, and shows what they are told: so not by default.
  bool profiles_need_shared_room = false;
  delivery_detail delivery_notifications = delivery_detail::delayed;
};

/// `[room]`
struct room_options {
  std::uint32_t idle_s = 900;                 ///< a room without work ends its actor after that; range 1..86400
  std::uint32_t state_group_full_every = 100; ///< deltas between full copies; range 1..1000
  std::uint32_t recent_events_max = 512;      ///< events whose states stay in memory; range 16..100000
  std::uint32_t pending_pdus_max =
    5'000; ///< PDUs being worked on before the room answers overloaded, half of it for one server; range 50..1000000
  std::uint32_t missing_events_limit = 20;   ///< asked per get_missing_events; range 1..100
  std::uint32_t missing_events_rounds = 100; ///< range 1..10000
  std::uint32_t left_room_served_h =
    24; ///< so long the servers that were in a room with us are told what they need to place our leave; range 0..720
  std::uint32_t inbox_retry_ms =
    30'000; ///< pause before a gap that could not be closed is tried again, doubling up to an hour; range 100..3600000
  std::uint32_t omit_members_above =
    1'000; ///< members from which a join leaves them for later, here and when others join through us; range 0..1000000
  std::uint32_t backfill_on_join = 200; ///< events of history fetched after a join; range 0..10000
  drift_policy permission_drift = drift_policy::report;
  std::string
    service_user; ///< localpart of who founds channels and stands above all in them; empty: their creator does
};

/// `[invitation]`
struct invitation_options {
  std::uint32_t lifetime_h = 24 * 14;         ///< an unanswered outgoing invitation expires; 0: never; range 0..87600
  std::uint32_t give_up_h = 24 * 7;           ///< a server that never took it: failed; range 1..8760
  std::uint32_t retry_delay_ms_min = 1'000;   ///< range 10..60000
  std::uint32_t retry_delay_ms_max = 900'000; ///< range 100..86400000
  std::uint32_t knock_check_s = 600;    ///< pause between questions whether an open knock still is; range 1..86400
  std::uint32_t queue_wait_ms = 10'000; ///< an invite waits so long for what is queued for its server; range 0..120000
  std::uint32_t inbound_burst = 200;    ///< invitations of one server at once after a pause; range 1..1000000
  std::uint32_t inbound_per_hour = 3'600;       ///< further ones of it; range 1..1000000
  std::uint32_t inbound_per_user_burst = 20;    ///< of one server to one user of ours at once; range 1..1000000
  std::uint32_t inbound_per_user_per_hour = 60; ///< further ones; range 1..1000000
};

/// `[supervisor]`
struct supervisor_options {
  std::uint32_t restart_limit = 5;        ///< failures within the window before an actor is parked; range 1..100
  std::uint32_t restart_window_s = 60;    ///< range 1..3600
  std::uint32_t restart_delay_ms = 100;   ///< pause before the first restart, doubling; range 0..60000
  std::uint32_t parked_input_max = 1'000; ///< messages kept for a parked actor; range 0..100000
};

} // namespace causeway::config
