#pragma once
#include "actors/effects.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/policy_server.hpp"
#include "messages/message.hpp"
#include "messages/room.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// What a room asks others, and what it keeps until they answer. The type of a question says which component waits: the
/// one that has `answered(question, answer)` for it. Answers are the messages themselves; `timed_out` stands for one
/// that never came.
namespace causeway::room {

/// Whoever was asked may have failed with the question: no wait is for ever.
struct timed_out {
  token asked = 0;
};

namespace question {

// -- of other servers: peer_answer

/// content_repair: the whole of an event whose content was taken out.
struct whole_event {};
/// inbound_events: the same of an event that is under way.
struct authors_copy {
  std::uint64_t work_id = 0;
};
/// missing_events: what leads to an event, or the state there.
struct of_gap {
  std::uint64_t gap = 0;
};
/// history_backfill: a stretch of history, or the auth chain of one of its events.
struct of_history {};
/// remote_join: make_join, how large the room is, send_join.
struct of_join {};
/// partial_state: the room's state before our join.
struct full_state {};
/// resident_join: make_join and send_join of a room that we are in.
struct of_resident {};
/// policy_gate: the signature of the room's policy server.
struct policy_signature {
  /// For what it is asked.
  struct own_event {};
  struct inbound_event {
    std::uint64_t id = 0; ///< of the event under way
  };
  using purpose =
    std::variant<own_event, inbound_event, federation_call>; ///< the call: a send_join or send_leave through us
  matrix::event_ptr event;
  matrix::policy_server guard;
  purpose of;
  std::uint32_t attempts = 0;
};

// -- of the store: store_answered

/// refounding: all events of the room.
struct own_history {};
/// refounding: all invitations of the room.
struct own_invitations {
  std::vector<matrix::event_ptr> events; ///< of the room, in order
};
/// command_queue: whether the own id of a message.send is in use.
struct own_message_id {};
/// command_queue: the message that the command at the head names.
struct named_message {};
/// query_commands: the invitations of the room, for a query.room.
struct room_view {
  command_reference reference;
  chat::room_view view;
};
/// event_lookup, for inbound_events: which of these it has.
struct cited_events {
  std::vector<std::string> ids;
};
/// content_repair: what is kept of an event whose content has come.
struct kept_event {
  matrix::event_ptr copy;
};
/// redactions: the event that this one redacts.
struct redaction_target {
  std::string redaction_id;
};
/// redactions: what was said before a ban that wishes its target's words away.
struct before_ban {
  std::string ban, user;
};
/// redactions: one of those words.
struct message_of_banned {
  std::string ban;
};
/// relations: what relates to the message of this edit or reaction.
struct relation {
  std::string event_id;
};
/// history_backfill: which of the fetched events it has.
struct known_history {};
/// partial_state: what came since our join.
struct since_join {};
/// parent_fetch: states of the parents of an event; the message that brings it comes again.
struct parents {
  message waiting;
};
/// federation_queries: what another server's call is about.
struct called_events {
  federation_call call;
};
/// membership_service: the state before a membership that was taken long ago.
struct state_before_membership {
  federation_call call;
};
/// timestamp_search: a further stretch of the graph.
struct near_timestamp {
  federation_call call;
  std::int64_t ts = 0;
  bool forwards = true;
  std::uint32_t rounds = 0;
  matrix::event_ptr best;
  std::set<std::string> seen;
};

// -- of the verifier: events_verified

/// inbound_events: (event under way, the form in which it came).
struct copies {
  std::vector<std::pair<std::uint64_t, matrix::event_ptr>> copies;
};
/// missing_events: what was fetched for a gap.
struct gap_events {
  std::uint64_t gap = 0;
  std::vector<matrix::event_ptr> events;
};
/// history_backfill.
struct history_events {
  std::vector<matrix::event_ptr> events;
};
/// membership_service: a join, knock or leave through us.
struct arriving_membership {
  federation_call call;
  matrix::event_ptr event;
};
/// remote_join: the room's state, our own join.
struct join_state {};
/// partial_state.
struct full_state_events {};
/// signature_audit.
struct doubtful_memberships {
  std::vector<matrix::event_ptr> events;
};

// -- of other rooms: member_response, summary_response

/// join_authorisation: whether the user is in a room that the join rule names.
struct membership_elsewhere {
  std::uint64_t join = 0;
};
/// space_hierarchy: what may be seen of a child of the space.
struct child_summary {
  std::uint64_t hierarchy = 0;
  std::string child;
};

// -- of invitations: rescission_result

/// inbound_events: a PDU that takes an invitation back, of a room that we are not in.
struct rescission {
  std::uint64_t batch_id = 0;
  std::size_t index = 0;
  /// Event id: it was answered for before we left the room, and stays in the inbox until the invitation has it.
  std::string staged;
};

using any = std::variant<whole_event, authors_copy, of_gap, of_history, of_join, full_state, of_resident,
                         policy_signature, own_message_id, named_message, room_view, cited_events, kept_event,
                         redaction_target, relation, before_ban, message_of_banned, known_history, since_join, parents,
                         called_events, state_before_membership, near_timestamp, copies, gap_events, history_events,
                         arriving_membership, join_state, full_state_events, doubtful_memberships, membership_elsewhere,
                         child_summary, rescission, own_history, own_invitations>;

} // namespace question
} // namespace causeway::room
