#pragma once
#include "messages/chat/notifications.hpp"
#include "messages/fault.hpp"
#include "messages/federation_switches.hpp"
#include "messages/invitation.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/signing.hpp"
#include "messages/matrix/state_map.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What the store is told and asked. One `store_batch` is one decision of one actor: it is committed whole or not at
/// all. Batches of many actors share a commit (group commit). Rows are plain values; the engine knows no rules of
/// Matrix.
namespace causeway::store {

/// How an event was judged. Never renumber: it is on disk.
enum class verdict : std::uint8_t {
  accepted = 0,
  rejected = 1,
  soft_failed = 2,
  outlier =
    3, ///< known and authorised by its own auth events, but its place in the graph is not (state of a join, auth chain)
};

// -- writes -----------------------------------------------------------------------------------------------------------

/// A new event, or a better verdict for a known one (an outlier that found its place). Keyed by event id.
struct put_event {
  std::string room_id;
  matrix::event_ptr event;
  verdict judged = verdict::accepted;
  /// State before the event: id of a put_state_group; 0 for an outlier.
  std::int64_t state_group_before = 0;
  /// State after it: the same id unless the event is a state event that was accepted or soft-failed.
  std::int64_t state_group_after = 0;
  /// Order of acceptance within the room, from 1; 0 for an outlier; negative for backfilled history (newest -1).
  std::int64_t position = 0;
  std::string reason; ///< of a rejection or soft failure
};

/// A room state, as a delta on another group or whole. Ids are given by the room actor and unique within the room.
struct put_state_group {
  std::string room_id;
  std::int64_t id = 0;
  std::int64_t base = 0;     ///< 0: `entries` is the whole state
  matrix::state_map entries; ///< of a delta: what is added or replaced; an empty event id: removed
};

enum class room_phase : std::uint8_t {
  joined = 0,  ///< we take part
  joining = 1, ///< a join through another server is under way; not written: a room has a row once it has joined
  left = 2,    ///< no local member any more; kept for history and repeated joins
  invited = 3, ///< only known from an invitation; not written: the invitation's row says it
};

/// The head of a room; replaced as a whole.
struct put_room {
  std::string room_id;
  std::string room_version;
  room_phase phase = room_phase::joined;
  std::string chat_room_id;            ///< empty: the chat server has bound none
  std::optional<chat::room_type> type; ///< none: not known yet
  bool federated = true;
  std::vector<std::string> forward_extremities;
  std::int64_t state_group = 0; ///< current state
  std::int64_t last_position = 0;
  std::int64_t first_position = 0;   ///< lowest (negative) position of backfilled history
  std::int64_t last_state_group = 0; ///< highest group id given
  /// Events whose history is still to be fetched after a join; empty: none.
  std::vector<std::string> history_from;
  /// JSON of the room actor about a join whose state lacks members that are still to be fetched; empty: the state is
  /// whole. A document, which only the room reads.
  std::string members_omitted;
  /// Room id of the one it goes on as, and to which our users have gone; empty: it goes on as itself.
  std::string successor;
  /// JSON of the room actor about an upgrade that is under way, ours or another server's; empty: none is. A document,
  /// which only the room reads.
  std::string succession;
  /// Founded again in another version before anybody else had seen it: the room it was before; empty: none.
  std::string refounded_from;
  /// And the other way round: the room that takes its place.
  std::string refounded_as;
  /// The create event of that room, JSON, until that has taken everything over; empty otherwise.
  std::string founding;
};

/// What the directory needs to know of a room while its actor sleeps; a JSON object of the room actor. Empty: nothing.
struct put_room_listing {
  std::string room_id, listing;
};

/// A durable notification; the store gives it the next cursor of its stream.
struct append_outbox {
  std::uint32_t stream = 0;
  std::string name; ///< e.g. "message.received"
  std::string body; ///< msgpack
};
/// A `delivery.changed` for the outbox. Those of one commit that tell the same of one event become one notification
/// that lists their servers.
struct append_delivery {
  std::uint32_t stream = 0;
  chat::delivery_changed told;
};
/// Everything up to `cursor` was acknowledged by the chat server.
struct acknowledge_outbox {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
};
/// A notification the chat server refused for good. Kept with a copy of it, the latest ones.
struct put_dead_letter {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
  std::string reason;
  std::int64_t ts = 0;
  std::string room_id, event_id; ///< of the notification, where it has both
};
/// Dead letters kept; the oldest go first.
inline constexpr std::size_t dead_letters_kept_max = 10'000;
/// It comes again, with the next cursor of its stream, and is no dead letter any more. Nothing where there is none.
struct retry_dead_letter {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
};
struct drop_dead_letter {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
};

/// A PDU owed to a server. Kept until `remove_destination_pdus`; order of insertion is order of sending.
struct queue_pdu {
  std::string server_name;
  std::string event_id; ///< must be stored
};
struct remove_destination_pdus {
  std::string server_name;
  std::vector<std::string> event_ids;
};
/// A PDU owed to further servers, to which it is not queued yet: the room does that in parts (actors/room/fan_out.hpp).
/// Keyed by room and number.
struct put_fan_out {
  std::string room_id;
  std::int64_t number = 0; ///< within the room, from 1: the order in which the parts are queued
  std::string event_id;    ///< must be stored
  std::vector<std::string> servers;
};
/// Its servers have it in their queues.
struct remove_fan_out {
  std::string room_id;
  std::int64_t number = 0;
};
/// The transaction in flight and the back-off of a destination; replaced as a whole.
struct put_destination {
  std::string server_name;
  std::string transaction_id;                ///< empty: none in flight
  std::int64_t transaction_ts = 0;           ///< origin_server_ts of its body
  std::vector<std::string> transaction_pdus; ///< event ids in order
  std::vector<std::string> transaction_edus; ///< JSON texts
  std::uint32_t failures = 0;
  std::int64_t first_failure_ts = 0; ///< 0: healthy
  std::int64_t retry_at_ts = 0;      ///< 0: now
  std::string last_fault;
  /// The message whose delay the chat server was notified of, until it is delivered or refused; empty: none.
  std::string delayed_event_id;
  /// The operator has paused the server: nothing is sent to it until they end that. 0: not paused.
  std::int64_t paused_since_ts = 0;
  std::string pause_reason; ///< in the operator's words
};

/// A PDU that its server refuses for good, by itself: it is not sent any more. Kept for the operator, the latest ones
/// of a server.
struct put_refused_pdu {
  std::string server_name, event_id, room_id, type;
  std::string reason;  ///< of the refusal
  std::int64_t ts = 0; ///< of the last refusal
};
/// Refused PDUs kept of one server; the oldest go first.
inline constexpr std::size_t refused_pdus_kept_max = 100;

/// A PDU that was received and answered for but waits for missing events or keys. Keyed by event and origin: until one
/// is verified, every server's copy is kept.
struct put_inbox {
  std::string room_id, event_id, origin, pdu; ///< pdu: JSON as received
  std::int64_t received_ts = 0;
};
/// All copies of these events.
struct remove_inbox {
  std::string room_id;
  std::vector<std::string> event_ids;
};

/// Our answer to a received transaction, for its repetition. Kept >= 24 h.
struct put_received_transaction {
  std::string origin, transaction_id, response;
  std::int64_t ts = 0;
};

/// RESULT of a chat command under its idempotency key.
struct put_command_result {
  std::string command_id;
  std::string command_name;
  bool succeeded = true;
  std::string body; ///< msgpack of the RESULT
  std::int64_t ts = 0;
};

/// An invitation or a knock; kept after its end for queries.
struct put_invitation {
  std::string room_id, user_id;
  std::string room_version; ///< empty: not known yet
  std::string inviter;      ///< of a knock: who knocks, then who answered
  invitation_direction direction = invitation_direction::outgoing;
  invitation_state state = invitation_state::none; ///< of a row that is kept never `none`
  std::string reason;
  std::string event;                                 ///< the invite event, JSON; of a knock that is open its own
  std::string invite_room_state;                     ///< JSON array
  std::string chat_room_id;                          ///< as far as known
  std::optional<chat::room_type> type;               ///< likewise
  std::int64_t since_ts = 0;                         ///< of the state
  std::int64_t deadline_ts = 0;                      ///< 0: none
  std::uint32_t attempts = 0;                        ///< of the request under way
  std::int64_t retry_at_ts = 0;                      ///< 0: nothing to repeat
  next_request pending_request = next_request::none; ///< what is to be repeated
  std::vector<std::string> via;                      ///< servers a knock goes to; the first is the one that took it
  std::string last_fault; ///< why the last attempt of the request under way failed; empty: none has
};

/// There is none any more: another room has it.
struct remove_invitation {
  std::string room_id, user_id;
};

/// The chat server's id of a message <-> event id.
struct bind_message {
  std::string room_id, chat_message_id, event_id;
};
/// An event of a room that was founded again, and what it was there. All names of that one mean it from now on, in its
/// own room: its event id, those it had in rooms before, and the chat server's.
struct put_former_name {
  std::string room_id, event_id;
  std::string former_room_id, former_event_id;
};
/// The chat server's id of a room <-> room id, also of a room that none of us is in yet. Another room that has that id
/// keeps it.
struct bind_room {
  std::string room_id, chat_room_id;
};
/// What is to be told the rooms a user of ours is in. Never renumber: it is on disk.
enum class user_update : std::uint8_t {
  none = 0,
  profile = 1, ///< the user's profile, as it is then
  leave = 2,   ///< the user leaves: it is deactivated
};
struct put_user {
  std::string user_id, chat_name, display_name, avatar_url;
  user_right may_federate = user_right::unsaid;
  invite_policy invites = invite_policy::allow; ///< of users of other servers
  std::int64_t deactivated_ts = 0;              ///< 0: is not
  user_update update = user_update::none;       ///< still to be told
  std::string fields = {};                      ///< of the profile further ones, a JSON object; empty: none
};
/// A user of ours has a membership in a room, or had one.
struct put_member_room {
  std::string room_id, user_id;
};
/// What the chat server has switched (messages/federation_switches.hpp), and when; the one row of its table.
struct put_switches {
  std::string switches; ///< JSON; empty: nothing ever
  std::int64_t since_ts = 0;
};
/// What has become of an edit or a reaction. Never renumber: it is on disk.
enum class relation_standing : std::uint8_t {
  waits = 0,      ///< what it relates to is looked for
  counts = 1,     ///< it changes what it relates to; of several edits the latest is shown
  plain = 2,      ///< an edit whose message is not known here: shown as a message of its own
  ignored = 3,    ///< it changes nothing and is not shown
  taken_back = 4, ///< it counted and is redacted; that is still to be told
};
/// An edit or a reaction, with what it relates to. Keyed by its event.
struct put_relation {
  std::string room_id, event_id;
  std::string target_event_id; ///< need not be stored
  std::string rel_type;        ///< m.replace or m.annotation
  std::string sender;
  std::string key;     ///< of a reaction
  std::int64_t ts = 0; ///< its origin_server_ts
  relation_standing standing = relation_standing::waits;
  bool historical = false; ///< sent before we knew of it
};
/// It is redacted, or nothing any more.
struct remove_relation {
  std::string room_id, event_id;
};
/// What they relate to is redacted.
struct remove_relations_to {
  std::string room_id, target_event_id;
};
/// How far a user has read a room. Keyed by room, user, thread and whether it is private.
struct put_receipt {
  std::string room_id, user_id;
  std::string thread; ///< empty: the whole room; main; or the event id of a thread's root
  bool is_private = false;
  std::string event_id;
  std::int64_t position = 0; ///< of the event in the room
  std::int64_t ts = 0;
  std::int64_t change = 0; ///< of ours: number among all that other servers are told, ever growing; 0: they are not
};
struct remove_receipt {
  std::string room_id, user_id, thread;
  bool is_private = false;
};
/// A server has not been told all markers of ours since that change. One row a server.
struct put_receipt_debt {
  std::string server_name;
  std::int64_t since = 0; ///< change up to which it was told; -1: it knows all, and there is no row
};
struct put_server_keys {
  std::string server_name;
  matrix::verify_keys keys;
  std::int64_t fetched_ts = 0;
  std::string
    documents; ///< what the server said of them, as it signed it, the latest first: a JSON array; empty: none are kept
};

/// A redaction that applies: the event is from now on what the redaction leaves of it. The first one stays its reason.
struct redact_event {
  std::string room_id;
  matrix::event_ptr redacted;     ///< the redacted form
  std::string redaction_event_id; ///< must be stored
};
/// The whole of an event that was kept stripped, see `matrix::restored`. Nothing where a redaction was applied to it
/// meanwhile.
struct restore_event {
  std::string room_id;
  matrix::event_ptr whole;
};
/// A redaction that is accepted and not yet applied: its target is looked for, or not known here. Keyed by the
/// redaction. A ban that wishes its target's messages away is held as a redaction of itself, until they are.
struct hold_redaction {
  std::string room_id, redaction_event_id, target_event_id;
  std::string sender;     ///< of the redaction; of such a ban: its target
  bool by_power = false;  ///< the sender's power reached `redact` at the redaction
  bool looked_up = false; ///< the target is not in the store: it is applied when the target comes
};
/// It was applied, or never will be.
struct drop_held_redaction {
  std::string room_id, redaction_event_id;
};

/// What the operator has changed, or tried to. Written before anybody is told of it, and once more with its outcome.
struct put_audit {
  std::int64_t number = 0; ///< names the row; those that follow in time are larger
  std::int64_t ts = 0;
  std::string peer;      ///< name of the peer in the configuration; empty: whoever may open the local socket
  std::string by;        ///< login name, as the client says
  std::string verb;      ///< e.g. server.retry
  std::string arguments; ///< JSON object of those that were given, without the reason
  std::string reason;
  std::string outcome; ///< begun: not known, the node may have ended; done; or name and detail of the fault
};
/// Rows of the audit kept; the oldest go first.
inline constexpr std::size_t audit_kept_max = 10'000;

using write_content =
  std::variant<put_event, put_state_group, put_room, append_outbox, acknowledge_outbox, put_dead_letter, queue_pdu,
               remove_destination_pdus, put_destination, put_inbox, remove_inbox, put_received_transaction,
               put_command_result, put_invitation, bind_message, bind_room, put_user, put_server_keys, put_room_listing,
               redact_event, hold_redaction, drop_held_redaction, restore_event, put_refused_pdu, append_delivery,
               put_relation, remove_relation, remove_relations_to, put_switches, put_member_room, remove_invitation,
               put_former_name, retry_dead_letter, drop_dead_letter, put_receipt, remove_receipt, put_receipt_debt,
               put_audit, put_fan_out, remove_fan_out>;
/// As with `message`: special members are compiled once.
struct write : write_content {
  using write_content::variant;
  write() noexcept;
  write(const write&);
  write(write&&) noexcept;
  write& operator=(const write&);
  write& operator=(write&&) noexcept;
  ~write();
};

/// Whose batch it is: an owner of a part of the actors (shard) since one change of owners (epoch).
struct ownership {
  std::uint32_t shard = 0;
  std::uint64_t epoch = 0;
  bool operator==(const ownership&) const = default;
};

struct store_batch {
  std::vector<write> writes;
  /// Set: it goes behind all that is urgent, and may wait so long for others of its kind, milliseconds. An urgent batch
  /// of the same actor takes it along.
  std::optional<std::uint32_t> may_wait_ms = {};
  /// Set: the batch is committed only if the shard has this epoch, which the engine checks in the same transaction;
  /// else fault stale_owner. SQLite belongs to one process: each of its shards has epoch 1 for ever. PostgreSQL checks
  /// besides, with or without it, that the node still owns the store.
  std::optional<ownership> fence = {};
};

// -- reads ------------------------------------------------------------------------------------------------------------
//
// Every answer is bounded: by the one thing that is looked for, or by what stands beside the query. The engine lowers a
// larger `limit` to `rows_max`.

/// Rows one answer holds at most, of those that have a `limit`.
inline constexpr std::size_t rows_max = 100'000;

/// An event as stored.
struct stored_event {
  matrix::event_ptr event;
  verdict judged = verdict::accepted;
  std::int64_t state_group_before = 0, state_group_after = 0, position = 0;
};

/// Everything a room actor needs to go on: head, current state, every state event and outlier (all that auth chains can
/// reach), state groups of the extremities, staged PDUs. Bound: what a room is, and it is held in memory: its state,
/// one invitation per user, what its components stage and hold at most.
struct load_room {
  std::string room_id;
};
struct room_loaded {
  struct fan_out {
    std::int64_t number = 0;
    matrix::event_ptr event;
    std::string chat_message_id; ///< the chat server's name of it; empty: none
    std::vector<std::string> servers;
  };
  bool exists = false;
  put_room room;
  std::vector<stored_event> state_events; ///< all state events and outliers of the room, but for rejected ones
  std::vector<stored_event> extremities;
  std::map<std::int64_t, matrix::state_ptr> state_groups; ///< the current one and those of the extremities, whole
  std::vector<put_inbox> inbox;
  std::vector<put_invitation> invitations;     ///< without `invite_room_state`
  std::vector<hold_redaction> held_redactions; ///< oldest first
  std::vector<put_relation> open_relations;    ///< those that wait or are taken back, oldest first
  std::vector<fan_out> fan_outs;               ///< by number
};

/// Events by id with the states around them. Bound: the ids asked for.
struct load_events {
  std::string room_id;
  std::vector<std::string> event_ids;
  bool with_states = false; ///< also the state groups before and after
};
struct events_loaded {
  std::vector<stored_event> events; ///< only those known
  std::map<std::int64_t, matrix::state_ptr> state_groups;
};

/// Events at or before the given ones, newest first, walking prev_events (backfill) within the stored graph. Bound:
/// `limit` (10,000 at most) and `bytes_max`.
struct load_ancestors {
  std::string room_id;
  std::vector<std::string> from;    ///< included in the answer
  std::vector<std::string> stop_at; ///< never included, not walked past (get_missing_events)
  std::size_t limit = 100;
  std::int64_t min_depth = 0;
  bool include_from = true;
  std::size_t bytes_max =
    std::numeric_limits<std::size_t>::max(); ///< JSON of the events together; the first one always counts as fitting
};
using ancestors_loaded = events_loaded; // state groups *before* each event are included: history visibility needs them

/// What a redaction is about. Sees everything the asking actor has written before.
struct load_redaction {
  std::string room_id;
  std::string redaction_event_id; ///< may be empty
  std::string target_event_id;
};
struct redaction_loaded {
  matrix::event_ptr redaction;          ///< null: unknown
  std::optional<stored_event> target;   ///< of the same room
  std::string chat_message_id;          ///< the chat server's name of the target; empty: none
  std::optional<put_relation> relation; ///< of the target, where it is an edit or a reaction
};

/// What relates to a message. Sees everything the asking actor has written before. Bound: two edits and one reaction.
struct load_relations {
  std::string room_id, target_event_id;
  std::string sender;            ///< whose edits and reactions
  std::string key;               ///< of the reaction
  std::string relation_event_id; ///< one that is looked at besides; may be empty
};
struct relations_loaded {
  std::optional<stored_event> target;
  std::string chat_message_id; ///< the chat server's name of the target; empty: none
  matrix::event_ptr relation;  ///< null: unknown, or not asked for
  // Of those that count or wait:
  matrix::event_ptr latest_edit;        ///< by origin_server_ts, then by event id; null: none
  matrix::event_ptr edit_before;        ///< the latest but for that one
  std::optional<stored_event> reaction; ///< with that key; the first that was stored
};

/// Any event by id, whatever its room.
struct find_event {
  std::string event_id;
};

/// Bound: `limit` and `bytes_max`, beside them the transaction in flight and `refused_pdus_kept_max`.
struct load_destination {
  std::string server_name;
  std::size_t limit = 1'000;
  bool newest_per_room =
    false; ///< of each room the newest queued PDU only; those of the latest rooms where `limit` is not enough
  std::size_t bytes_max = std::size_t{64} * 1024 * 1024; ///< JSON of the queued PDUs; the first one always fits
};
struct destination_loaded {
  struct names {
    std::string chat_room_id, chat_message_id;
  };
  put_destination destination;              ///< defaulted when unknown
  std::vector<matrix::event_ptr> pdus;      ///< the oldest `limit` queued, in order
  bool more = false;                        ///< others wait in the store
  std::vector<matrix::event_ptr> in_flight; ///< of the transaction under way those that are not among `pdus`
  put_server_keys keys;                     ///< empty when none are known
  std::vector<put_refused_pdu> refused;     ///< the latest first
  std::int64_t refused_count = 0;           ///< all there ever were
  std::map<std::string, names>
    names_of; ///< event id -> what the chat server calls its room and it; of the messages above that it has named
};

struct find_received_transaction {
  std::string origin, transaction_id;
};
struct received_transaction_found {
  std::optional<std::string> response;
};

struct find_command_result {
  std::string command_id;
};
struct command_result_found {
  std::optional<put_command_result> result;
};

struct load_invitation {
  std::string room_id, user_id;
};
struct invitation_loaded {
  std::optional<put_invitation> invitation;
};
/// Which invitations are looked for; also their order in a list: `open` ones first, then the other `unsettled` ones,
/// then those that are over, of each the latest first.
enum class invitations_wanted : std::uint8_t {
  all,
  open,      ///< the invited user may still answer
  unsettled, ///< those, and all of which another server has still to be told or asked something
};
/// A place in the list of invitations: that of the one given last. Its numbers mean something to the engine only.
struct invitation_place {
  std::int64_t rank = 0, since_ts = 0, number = 0;
  bool operator==(const invitation_place&) const = default;
};
/// Bound: `limit` and `bytes_max`.
struct find_invitations {
  std::string room_id, user_id; ///< empty: any
  invitations_wanted which = invitations_wanted::all;
  std::optional<invitation_place> after = {}; ///< the list goes on after it; absent: from its beginning
  std::size_t limit = 1'000;
  std::size_t bytes_max = 512 * 1024; ///< of the texts together; the first invitation always fits
};
struct invitations_found {
  std::vector<put_invitation> invitations; ///< without `event` and `invite_room_state`
  std::optional<invitation_place> next;    ///< others follow after this place; absent: these are all
};

/// Durable notifications after a cursor, in order. Bound: `limit` and `bytes_max`.
struct read_outbox {
  std::uint32_t stream = 0;
  std::int64_t after = 0;
  std::size_t limit = 256;
  std::size_t bytes_max = 1024 * 1024;
};
struct outbox_row {
  std::int64_t cursor = 0;
  std::string name, body;
};
struct outbox_read {
  std::uint32_t stream = 0;
  std::vector<outbox_row> rows;
  std::int64_t acknowledged = 0; ///< the stream's cumulative acknowledgement
  std::int64_t first_kept = 0;   ///< lowest cursor that can still be read; 0: none
  std::int64_t head = 0;         ///< highest cursor given; 0: none
};

/// Where a dead letter stands in their list: that of its notification.
struct dead_letter_place {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
  bool operator==(const dead_letter_place&) const = default;
};
/// Dead letters by stream and cursor. Sees everything that was written before. Bound: `limit`.
struct list_dead_letters {
  std::optional<dead_letter_place> after = {}; ///< absent: from the first one
  std::size_t limit = 100;
};
struct dead_letters_listed {
  struct letter {
    dead_letter_place at;
    std::string name, reason;
    std::int64_t bytes = 0; ///< of the notification's body
    std::int64_t ts = 0;    ///< when it was refused
    std::string room_id, event_id;
  };
  std::vector<letter> letters;
  bool more = false; ///< others follow
};

/// One dead letter with what it says. Sees everything that was written before. Bound: one notification.
struct load_dead_letter {
  dead_letter_place at;
};
struct dead_letter_loaded {
  std::optional<dead_letters_listed::letter> letter;
  std::string body; ///< of the notification, as the chat server got it: msgpack
};

/// What another server has sent and rooms keep staged, the oldest first, without the PDUs. Bound: `limit`.
struct list_staged {
  std::string origin;
  std::size_t limit = 100;
};
struct staged_listed {
  std::vector<put_inbox> staged;
  std::int64_t total = 0;
};

/// What the operator has changed, the latest first. Sees everything that was written before. Bound: `limit`.
struct list_audit {
  std::int64_t since_ts = 0; ///< only those from then on
  std::size_t limit = 1'000;
};
struct audit_listed {
  std::vector<put_audit> rows;
};

/// The nodes that share the store, and what they own: those that were heard of last come first. None, where the store
/// is a file of one process. Bound: `limit`.
struct list_nodes {
  std::size_t limit = 100;
};
struct stored_node {
  std::int64_t incarnation = 0;         ///< one process from its start to its end
  std::string name, endpoints, version; ///< what it said of itself
  std::string state;                    ///< standby, active, left, dead
  std::int64_t lease_left_ms = 0;       ///< negative: it ran out so long ago
  std::int64_t shards = 0;              ///< owned by it
  std::int64_t epoch = 0;               ///< the greatest of them
};
struct nodes_listed {
  std::vector<stored_node> nodes;
};

/// What a message is called on the other side.
struct find_message {
  std::string room_id;   ///< empty: any; the one that was bound last, where several rooms have that id
  std::string either_id; ///< chat message id or event id
};
struct message_found {
  std::string chat_message_id, event_id; ///< empty when unknown; of a former event id that of today
  std::string room_id = {};              ///< of one that was looked for in any room
};

// For the operator, who asks why an event is late (`causeway why`). Each may read much, and none is asked by an actor.

/// Staged copies of an event, whatever their room. Bound: `limit`.
struct find_staged {
  std::string event_id;
  std::size_t limit = 20;
};
struct staged_found {
  std::vector<put_inbox> copies; ///< in the order they came
};
/// To whom an event is still owed, and who refuses it. Bound: `limit` of each.
struct find_owed {
  std::string event_id;
  std::size_t limit = 1'000;
};
struct owed_found {
  struct debt {
    put_destination destination; ///< without `transaction_edus`
    std::int64_t before = 0;     ///< events that stand before it in the queue, as far as counted: at most 1,000
    std::string first_event_id;  ///< that of the queue; empty: the event is on its way there (put_fan_out)
  };
  std::vector<debt> debts;               ///< by the names of the servers
  std::int64_t servers = 0;              ///< all it is owed to
  std::vector<put_refused_pdu> refusals; ///< those that are kept
};
/// The notification of an event among those that the chat server has not acknowledged, and its dead letter. Looks at
/// `rows_max` notifications of a stream at most, the oldest.
struct find_notification {
  std::string event_id;
  std::size_t rows_max = 20'000;
};
struct notification_found {
  struct stream {
    std::uint32_t number = 0;
    std::int64_t head = 0, acknowledged = 0;
  };
  std::vector<stream> streams;            ///< all there are
  std::optional<std::uint32_t> stream;    ///< that of the notification; absent: none is open
  std::int64_t cursor = 0;                ///< its place there
  std::string name;                       ///< e.g. "message.received"
  bool whole = true;                      ///< false: further ones were not looked at
  std::optional<put_dead_letter> refusal; ///< the chat server has refused it for good
};

/// Markers of these users in a room, and where these events stand in it. Sees everything the asking actor has written
/// before. Bound: what is asked for; of a user as many threads as are kept.
struct load_receipts {
  std::string room_id;
  std::vector<std::string> user_ids, event_ids;
};
/// Where an event stands in its room.
struct event_place {
  std::string event_id;
  std::int64_t position = 0;
  std::int64_t ts = 0;         ///< its origin_server_ts
  std::string chat_message_id; ///< the chat server's name of it; empty: none
};
struct receipts_loaded {
  std::vector<put_receipt> receipts;
  std::vector<event_place> places; ///< of those that are known and have a place; not of rejected or soft-failed ones
};
/// Whose markers lie at a message or behind it, or how far everybody has read. In order of user id. Bound: `limit`.
struct find_readers {
  std::string room_id;
  std::string event_id; ///< empty: everybody
  std::string after;    ///< user id; empty: from the beginning
  std::size_t limit = 500;
};
struct readers_found {
  struct reader {
    put_receipt marker;          ///< of each user the one that lies furthest; without `room_id` and `change`
    std::string chat_message_id; ///< of its event
  };
  bool known = true; ///< the message is known and has a place
  std::vector<reader> readers;
  bool more = false;
};
/// At start: what other servers have not been told. Bound: a server each, and `limit` markers, the newest.
struct load_receipt_debts {
  std::size_t limit = 20'000;
};
struct receipt_debts_loaded {
  std::vector<put_receipt_debt> debts;
  std::vector<put_receipt> markers; ///< since the least of the debts, in order of change
  std::int64_t last_change = 0;
};

struct find_user {
  std::string user_id;
};
struct user_found {
  std::optional<put_user> user;
};

/// Rooms in which a user of ours has or had a membership, in an order that only the engine knows. Sees everything the
/// asking actor has written before. Bound: `limit`.
struct find_member_rooms {
  std::string user_id;
  std::int64_t after = 0; ///< `next` of an answer: the list goes on behind it
  std::size_t limit = 100;
};
struct member_rooms_found {
  std::vector<std::string> room_ids;
  std::int64_t next = 0; ///< 0: these are the last
};

/// At start: what has to be woken. Rooms by both names, servers with something owed, invitations with something due.
/// Bound: the node itself, since the directory holds all of it in memory: rooms and users with their names, no events.
struct load_directory {};
struct directory_loaded {
  struct room {
    std::string room_id, chat_room_id, room_version;
    room_phase phase = room_phase::joined;
    bool has_inbox = false;
    std::string listing;
    std::string refounded_as = {}; ///< see put_room; empty: none
  };
  std::vector<room> rooms;
  std::vector<std::string> destinations_owed; ///< servers with queued PDUs or a transaction
  std::vector<std::pair<std::string, std::string>>
    invitations_pending; ///< (room, user) with a deadline or a request to repeat
  std::vector<put_user> users;
  put_switches switches;
};

/// At start: which names of strangers mean something to us (actors/doors.hpp, stranger_gate). Servers: those whose keys
/// are kept, the latest fetched first, at most `servers_max`. Bound: the node itself, as with load_directory.
struct load_known {
  std::size_t servers_max = 100'000;
};
struct known_loaded {
  std::vector<std::string> rooms, servers;
  std::vector<std::pair<std::string, std::string>> invitations; ///< (room, user) of every row, whatever became of it
  put_switches switches;
};

/// What is kept of the keys of these servers, for whoever asks us as a notary. Bound: the servers asked for.
struct load_key_documents {
  std::vector<std::string> servers;
};
struct key_documents_loaded {
  std::map<std::string, std::string>
    documents; ///< server -> put_server_keys::documents; servers of which there are none are left out
};

/// For the operator.
struct room_summary {
  std::string room_id, chat_room_id, room_version, type;
  room_phase phase = room_phase::joined;
  std::int64_t events = 0, extremities = 0, staged = 0;
};
/// Those that wait for something first: a join under way or staged events, of which the most first. Bound: `limit`.
struct list_rooms {
  std::string name = {}; ///< set: only those with this Matrix id or this id of the chat server
  std::size_t limit = rows_max;
};
struct rooms_listed {
  std::vector<room_summary> rooms;
};
/// Rooms we take part in with a server, by what their listings name (messages/room.hpp: `room_listed`); of a room with
/// more than a hundred servers not all are named. Bound: `limit`.
struct find_shared_rooms {
  std::string server_name;
  std::size_t limit = 100;
};
struct shared_rooms_found {
  struct room {
    std::string room_id, chat_room_id;
  };
  std::vector<room> rooms;
  std::int64_t total = 0;
};
struct destination_summary {
  put_destination destination;
  std::int64_t queued = 0;
  std::int64_t oldest_queued_ts = 0; ///< origin_server_ts of the oldest queued event
  std::int64_t refused = 0;          ///< events set aside because the server refuses them
};
/// Those that fail first, those that fail longest before the others. Bound: `limit`.
struct list_destinations {
  std::string server_name = {}; ///< set: only this one
  std::size_t limit = rows_max;
  std::optional<std::string> after = {}; ///< set: in order of their names, those behind this one
};
struct destinations_listed {
  std::vector<destination_summary> destinations;
};

using query_content =
  std::variant<load_room, load_events, load_ancestors, find_event, load_destination, find_received_transaction,
               find_command_result, load_invitation, find_invitations, read_outbox, find_message, find_user,
               load_directory, list_rooms, list_destinations, load_redaction, load_known, load_key_documents,
               load_relations, find_member_rooms, list_dead_letters, load_receipts, find_readers, load_receipt_debts,
               find_staged, find_owed, find_notification, load_dead_letter, list_audit, list_staged, find_shared_rooms,
               list_nodes>;
/// As with `message`: special members are compiled once.
struct query : query_content {
  using query_content::variant;
  query() noexcept;
  query(const query&);
  query(query&&) noexcept;
  query& operator=(const query&);
  query& operator=(query&&) noexcept;
  ~query();
};
using answer_content =
  std::variant<fault, room_loaded, events_loaded, destination_loaded, received_transaction_found, command_result_found,
               invitation_loaded, invitations_found, outbox_read, message_found, user_found, directory_loaded,
               rooms_listed, destinations_listed, redaction_loaded, known_loaded, key_documents_loaded,
               relations_loaded, member_rooms_found, dead_letters_listed, receipts_loaded, readers_found,
               receipt_debts_loaded, staged_found, owed_found, notification_found, dead_letter_loaded, audit_listed,
               staged_listed, shared_rooms_found, nodes_listed>;
/// As with `message`: special members are compiled once.
struct answer : answer_content {
  using answer_content::variant;
  answer() noexcept;
  answer(const answer&);
  answer(answer&&) noexcept;
  answer& operator=(const answer&);
  answer& operator=(answer&&) noexcept;
  ~answer();
};

/// What a commit changed that others want to hear of.
struct commit_outcome {
  std::map<std::uint32_t, std::int64_t> outbox_heads; ///< streams that grew -> highest cursor
  /// The rows of these streams, so that who sends them on need not read them back: all that one batch appended to a
  /// stream, in order, or none (over `outcome_bytes_max`).
  std::map<std::uint32_t, std::vector<outbox_row>> outbox_rows;
};
/// Bodies a commit_outcome carries, bytes.
inline constexpr std::size_t outcome_bytes_max = 1024 * 1024;

} // namespace causeway::store
