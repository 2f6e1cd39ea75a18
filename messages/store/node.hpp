#pragma once
#include "messages/shard.hpp"
#include "messages/store/rooms.hpp"
#include "messages/store/users.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// The node as a whole: what it begins with, its switches, what operators did, the nodes beside it.
namespace causeway::store {

/// What the chat server has switched (messages/federation_switches.hpp), and when; the one row of its table.
struct put_switches {
  std::string switches; ///< JSON; empty: nothing ever
  std::int64_t since_ts = 0;
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
  std::int64_t schema = 0;              ///< the newest of the store that it knows; 0: it has not said
};
/// Who has a shard, and since which change of its owners.
struct stored_shard {
  shard_number shard = 0;
  std::int64_t owner = 0; ///< an incarnation; 0: nobody has had it
  std::int64_t epoch = 0;
};
struct nodes_listed {
  std::vector<stored_node> nodes;
  std::int64_t schema = 0;               ///< of the store
  std::int64_t serves_from = 0;          ///< a node that does not know this one is refused
  std::vector<stored_shard> shards = {}; ///< by number
};

/// Each shard, whose it is, and what it holds. Reads the ids of all rooms; for the operator. Bound: the shards.
struct list_shards {};
struct shards_listed {
  struct one {
    stored_shard is;
    std::string owner_name; ///< empty: nobody, or one that is not known any more
    std::int64_t rooms = 0; ///< those we take part in, or did
  };
  std::vector<one> shards; ///< by number
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

/// At start, and when shards are taken: which names of strangers mean something to us (actors/doors.hpp,
/// stranger_gate). Servers: those whose keys are kept, the latest fetched first, of the latest `servers_max`. Bound:
/// the node itself, as with load_directory.
struct load_known {
  std::size_t servers_max = 100'000;
  shard_set shards = shard_set::all(); ///< what is of others is known to the doors of its own node
};
struct known_loaded {
  std::vector<std::string> rooms, servers;
  std::vector<std::pair<std::string, std::string>> invitations; ///< (room, user) of every row, whatever became of it
  put_switches switches;
};

} // namespace causeway::store
