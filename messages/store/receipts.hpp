#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Read markers, and which servers have not been told of them.
namespace causeway::store {

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

} // namespace causeway::store
