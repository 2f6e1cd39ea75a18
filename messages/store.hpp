#pragma once
#include "messages/chat/notifications.hpp"
#include "messages/fault.hpp"
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

/// What the store is told and asked. One `store_batch` is one decision of one actor: it is committed whole or not at all.
/// Batches of many actors share a commit (group commit). Rows are plain values; the engine knows no rules of Matrix.
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
  /// State after it: the same id unless the event is an accepted state event.
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
  joining = 1, ///< the join dance is under way
  left = 2,    ///< no local member any more; kept for history and repeated joins
  invited = 3, ///< only known from an invitation
};

/// The head of a room; replaced as a whole.
struct put_room {
  std::string room_id;
  std::string room_version;
  room_phase phase = room_phase::joined;
  std::string chat_room_id; ///< empty: the chat server has bound none
  std::string type;         ///< dm, group_dm, channel
  bool federated = true;
  std::vector<std::string> forward_extremities;
  std::int64_t state_group = 0; ///< current state
  std::int64_t last_position = 0;
  std::int64_t first_position = 0;   ///< lowest (negative) position of backfilled history
  std::int64_t last_state_group = 0; ///< highest group id given
  std::string
    history_from; ///< events (separated by blanks) whose history is still to be fetched after a join; empty: none
  /// JSON of the room actor about a join whose state lacks members that are still to be fetched; empty: the state is whole.
  std::string members_omitted;
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
/// A notification the chat server refused for good.
struct put_dead_letter {
  std::uint32_t stream = 0;
  std::int64_t cursor = 0;
  std::string reason;
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
};

/// A PDU that its server refuses for good, by itself: it is not sent any more. Kept for the operator, the latest ones of a server.
struct put_refused_pdu {
  std::string server_name, event_id, room_id, type;
  std::string reason;  ///< of the refusal
  std::int64_t ts = 0; ///< of the last refusal
};
/// Refused PDUs kept of one server; the oldest go first.
inline constexpr std::size_t refused_pdus_kept_max = 100;

/// A PDU that was received and answered for but waits for missing events or keys. Keyed by event and origin: until one is verified, every server's
/// copy is kept.
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
  std::string direction;    ///< outgoing, incoming, knock
  std::string state;        ///< of the contract
  std::string reason;
  std::string event;              ///< the invite event, JSON; of a knock that is open its own
  std::string invite_room_state;  ///< JSON array
  std::string chat_room_id, type; ///< as far as known
  std::int64_t since_ts = 0;      ///< of the state
  std::int64_t deadline_ts = 0;   ///< 0: none
  std::uint32_t attempts = 0;     ///< of the request under way
  std::int64_t retry_at_ts = 0;   ///< 0: nothing to repeat
  std::string
    pending_request; ///< what is to be repeated: invite, commit, leave, rescind, join, knock, ask, tell; empty: nothing
  std::string via;   ///< servers a knock goes to, separated by blanks; the first is the one that took it
  std::string last_fault; ///< why the last attempt of the request under way failed; empty: none has
};

/// The chat server's id of a message <-> event id.
struct bind_message {
  std::string room_id, chat_message_id, event_id;
};
/// The chat server's id of a room <-> room id, also of a room that none of us is in yet. Another room that has that id keeps it.
struct bind_room {
  std::string room_id, chat_room_id;
};
struct put_user {
  std::string user_id, chat_name, display_name, avatar_url;
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
/// The whole of an event that was kept stripped, see `matrix::restored`. Nothing where a redaction was applied to it meanwhile.
struct restore_event {
  std::string room_id;
  matrix::event_ptr whole;
};
/// A redaction that is accepted and not yet applied: its target is looked for, or not known here. Keyed by the redaction.
struct hold_redaction {
  std::string room_id, redaction_event_id, target_event_id;
  std::string sender;
  bool by_power = false;  ///< the sender's power reached `redact` at the redaction
  bool looked_up = false; ///< the target is not in the store: it is applied when the target comes
};
/// It was applied, or never will be.
struct drop_held_redaction {
  std::string room_id, redaction_event_id;
};

using write_content =
  std::variant<put_event, put_state_group, put_room, append_outbox, acknowledge_outbox, put_dead_letter, queue_pdu,
               remove_destination_pdus, put_destination, put_inbox, remove_inbox, put_received_transaction,
               put_command_result, put_invitation, bind_message, bind_room, put_user, put_server_keys, put_room_listing,
               redact_event, hold_redaction, drop_held_redaction, restore_event, put_refused_pdu, append_delivery>;
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

struct store_batch {
  std::vector<write> writes;
  /// Set: it goes behind all that is urgent, and may wait so long for others of its kind, milliseconds. An urgent batch
  /// of the same actor takes it along.
  std::optional<std::uint32_t> may_wait_ms = {};
};

// -- reads ------------------------------------------------------------------------------------------------------------

/// An event as stored.
struct stored_event {
  matrix::event_ptr event;
  verdict judged = verdict::accepted;
  std::int64_t state_group_before = 0, state_group_after = 0, position = 0;
};

/// Everything a room actor needs to go on: head, current state, every state event and outlier (all that auth chains can
/// reach), state groups of the extremities, staged PDUs.
struct load_room {
  std::string room_id;
};
struct room_loaded {
  bool exists = false;
  put_room room;
  std::vector<stored_event> state_events; ///< all state events and outliers of the room, but for rejected ones
  std::vector<stored_event> extremities;
  std::map<std::int64_t, matrix::state_ptr> state_groups; ///< the current one and those of the extremities, whole
  std::vector<put_inbox> inbox;
  std::vector<put_invitation> invitations;
  std::vector<hold_redaction> held_redactions; ///< oldest first
};

/// Events by id with the states around them.
struct load_events {
  std::string room_id;
  std::vector<std::string> event_ids;
  bool with_states = false; ///< also the state groups before and after
};
struct events_loaded {
  std::vector<stored_event> events; ///< only those known
  std::map<std::int64_t, matrix::state_ptr> state_groups;
};

/// Events at or before the given ones, newest first, walking prev_events (backfill) within the stored graph.
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
  matrix::event_ptr redaction;        ///< null: unknown
  std::optional<stored_event> target; ///< of the same room
  std::string chat_message_id;        ///< the chat server's name of the target; empty: none
};

/// Any event by id, whatever its room.
struct find_event {
  std::string event_id;
};

struct load_destination {
  std::string server_name;
  std::size_t limit = 1'000;
  bool newest_per_room =
    false; ///< of each room the newest queued PDU only; those of the latest rooms where `limit` is not enough
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
/// Which invitations are looked for.
enum class invitations_wanted : std::uint8_t {
  all,
  open,      ///< the invited user may still answer
  unsettled, ///< those, and all of which another server has still to be told or asked something
};
struct find_invitations {
  std::string room_id, user_id; ///< empty: any
  invitations_wanted which = invitations_wanted::all;
};
struct invitations_found {
  std::vector<put_invitation> invitations;
};

/// Durable notifications after a cursor, in order.
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

/// What a message is called on the other side.
struct find_message {
  std::string room_id;
  std::string either_id; ///< chat message id or event id
};
struct message_found {
  std::string chat_message_id, event_id; ///< empty when unknown
};

struct find_user {
  std::string user_id;
};
struct user_found {
  std::optional<put_user> user;
};

/// At start: what has to be woken. Rooms by both names, servers with something owed, invitations with something due.
struct load_directory {};
struct directory_loaded {
  struct room {
    std::string room_id, chat_room_id, room_version;
    room_phase phase = room_phase::joined;
    bool has_inbox = false;
    std::string listing;
  };
  std::vector<room> rooms;
  std::vector<std::string> destinations_owed; ///< servers with queued PDUs or a transaction
  std::vector<std::pair<std::string, std::string>>
    invitations_pending; ///< (room, user) with a deadline or a request to repeat
  std::vector<put_user> users;
};

/// At start: which names of strangers mean something to us (actors/doors.hpp, stranger_gate). Servers: those whose keys are kept, the latest
/// fetched first, at most `servers_max`.
struct load_known {
  std::size_t servers_max = 100'000;
};
struct known_loaded {
  std::vector<std::string> rooms, servers;
  std::vector<std::pair<std::string, std::string>> invitations; ///< (room, user) of every row, whatever became of it
};

/// What is kept of the keys of these servers, for whoever asks us as a notary.
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
struct list_rooms {};
struct rooms_listed {
  std::vector<room_summary> rooms;
};
struct destination_summary {
  put_destination destination;
  std::int64_t queued = 0;
  std::int64_t oldest_queued_ts = 0; ///< origin_server_ts of the oldest queued event
  std::int64_t refused = 0;          ///< events set aside because the server refuses them
};
struct list_destinations {};
struct destinations_listed {
  std::vector<destination_summary> destinations;
};

using query_content =
  std::variant<load_room, load_events, load_ancestors, find_event, load_destination, find_received_transaction,
               find_command_result, load_invitation, find_invitations, read_outbox, find_message, find_user,
               load_directory, list_rooms, list_destinations, load_redaction, load_known, load_key_documents>;
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
               rooms_listed, destinations_listed, redaction_loaded, known_loaded, key_documents_loaded>;
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
  /// The rows of these streams, so that who sends them on need not read them back: all that one batch appended to a stream, in
  /// order, or none (over `outcome_bytes_max`).
  std::map<std::uint32_t, std::vector<outbox_row>> outbox_rows;
};
/// Bodies a commit_outcome carries, bytes.
inline constexpr std::size_t outcome_bytes_max = 1024 * 1024;

} // namespace causeway::store
