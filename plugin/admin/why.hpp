#pragma once
#include "plugin/admin/key_waits.hpp"
#include "plugin/admin/parked.hpp"
#include "plugin/admin/why_rows.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Why an event is late: what was found out about it, and the one sentence that is made of that. Pure: the time is
/// given, and nothing is asked here (verbs/events.cpp does).
namespace causeway::admin::why {

enum class direction : std::uint8_t { out, in };
std::string_view name(direction x);

/// What is known of the chat server's side.
struct consumers {
  bool known = false;                                 ///< the session has answered
  std::int64_t connected = 0;                         ///< connections of the chat server
  bool has_credit = false;                            ///< whoever gets the stream of the notification takes more now
  std::int64_t credit_messages = 0, credit_bytes = 0; ///< theirs
};

/// The key that a staged event waits for.
struct wanted_key {
  event_signer signer;
  known_keys known;
};

/// What was answered to the last question about what a staged event lacks.
struct gap_answer {
  std::string server, question, answer;
  std::int64_t ts = 0;
};

/// What was found out. What is unknown is empty.
struct facts {
  direction way = direction::out;
  bool is_known = true; ///< it is stored, staged or was seen
  std::string event_id, room_id, chat_room_id, chat_message_id, sender, type;
  std::int64_t written_ts = 0;
  std::string verdict; ///< accepted, rejected, soft_failed, outlier; empty: it is not in the graph
  std::vector<hop_row> hops;
  std::int64_t hops_total = 0; ///< those that are left out included

  std::vector<event_server_row> servers; ///< of an event of ours
  std::int64_t owed = 0;                 ///< servers it is owed to, those that are left out included

  std::vector<arrival_row> arrivals;      ///< staged copies, one of each server
  std::vector<store::put_inbox> cited_in; ///< staged events that cite it, where it is neither stored nor staged
  std::vector<std::string> missing;       ///< ids of the events it waits for
  std::vector<gap_answer> answers;        ///< about those, the latest last
  wanted_key key;                         ///< of one that waits for a key
  std::optional<notification_row> notification;
  consumers chat;

  std::string damage;            ///< why its row in the store cannot be read; empty: it can, or there is none
  std::vector<actor_row> parked; ///< of the actors the event has to do with; it is not known: those that may keep it
  supervision_limits supervision;
  std::vector<alarm_row> alarms; ///< of the node
};

enum class cause : std::uint8_t {
  store_not_writing,
  clock_wrong,
  damaged,        ///< it is stored, and its row cannot be read
  perhaps_parked, ///< nobody knows it, and a parked room stores nothing
  actor_parked,
  rejected,
  key_missing,
  policy_server,
  waiting_for_parents,
  missing_here,  ///< it is not here, and events that are staged wait for it
  being_handled, ///< staged, and its turn comes
  chat_refused,
  no_chat_server,
  no_credit,
  not_acknowledged,
  stream_paused,
  federation_off,
  server_paused, ///< by the operator
  certificate_expired,
  server_down,
  server_refuses_us,
  refused_event_blocks,
  waiting_for_answer,
  waiting_in_queue,
  refused,
  was_late,     ///< it is through now
  way_not_kept, ///< it is through now, and the first of its hops are not known any more
  not_late,
};
std::string_view name(cause x);

struct diagnosis {
  cause what = cause::not_late;
  std::string because; ///< one sentence
  std::string command; ///< what to type next; empty: nothing is to be done
};

/// The first cause that holds, in the order of `cause`: what stops everything before what stops one room, one server,
/// one event.
diagnosis diagnose(const facts& x, std::int64_t now_ms);

/// A way from the first to the last hop that took longer is late.
inline constexpr std::int64_t late_after_ms = 5'000;

/// {direction, event, hops, hops_total, servers, servers_total, arrivals, waits_for_events, answers, notification,
/// actors, cause, because, command}
matrix::json::object view(const facts& x, std::int64_t now_ms);

} // namespace causeway::admin::why
