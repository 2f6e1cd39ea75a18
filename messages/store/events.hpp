#pragma once
#include "messages/matrix/event.hpp"
#include "messages/matrix/state_map.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

/// Events, their states, and PDUs that wait on disk for their place.
namespace causeway::store {

/// How an event was judged. Never renumber: it is on disk.
enum class verdict : std::uint8_t {
  accepted = 0,
  rejected = 1,
  soft_failed = 2,
  outlier =
    3, ///< known and authorised by its own auth events, but its place in the graph is not (state of a join, auth chain)
};

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

/// An event as stored.
struct stored_event {
  matrix::event_ptr event;
  verdict judged = verdict::accepted;
  std::int64_t state_group_before = 0, state_group_after = 0, position = 0;
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

/// Any event by id, whatever its room.
struct find_event {
  std::string event_id;
};

/// What other servers have sent and rooms keep staged, the oldest first. Bound: `limit`.
struct list_staged {
  std::string origin; ///< empty: of all servers
  std::size_t limit = 100;
  /// Those that hold this text, of all servers; empty: all. Reads whatever is staged: for who asks by hand.
  std::string text = {};
};
struct staged_listed {
  std::vector<put_inbox> staged;
  std::int64_t total = 0;
};

} // namespace causeway::store
