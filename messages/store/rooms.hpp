#pragma once
#include "messages/chat/notifications.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/state_map.hpp"
#include "messages/store/bounds.hpp"
#include "messages/store/events.hpp"
#include "messages/store/invitations.hpp"
#include "messages/store/relations.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Rooms: the head of each, and all that its actor begins with.
namespace causeway::store {

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

} // namespace causeway::store
