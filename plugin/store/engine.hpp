#pragma once
#include "config/store_options.hpp"
#include "messages/store.hpp"
#include "plugin/store/seat.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// The durable memory of a node behind one interface. SQLite is one engine; others keep the same promises.
namespace causeway::store {

/// Answers queries about what is committed. One thread at a time.
class reader {
public:
  virtual ~reader() = default;
  /// Never throws. @returns the answer that belongs to the query, or a fault: store_failed (disk, corruption), internal
  virtual answer ask(const query& question) = 0;
  /// Whether the last question failed because the database cannot be reached: it may be asked again.
  virtual bool is_away() const { return false; }
};

/// How long what has served its purpose is kept; milliseconds.
struct purge_limits {
  std::int64_t received_transaction_ms = std::int64_t{72} * 3'600'000;
  std::int64_t command_result_ms = std::int64_t{30} * 86'400'000;
  std::int64_t outbox_ms = std::int64_t{30} * 86'400'000; ///< after the acknowledgement was seen by a purge
  std::int64_t dead_letter_ms = std::int64_t{90} * 86'400'000;
  std::size_t rows_max = 500; ///< rows of each kind that one call removes
};

/// Reads and writes. One thread at a time, except where said otherwise.
///
/// What the writes mean beyond their own words:
/// - put_event: known by (event id, room). For a known one verdict, reason, groups and position are replaced; the JSON
///   stays.
/// - put_state_group: an entry with an empty event id removes that key from the state of `base`.
/// - queue_pdu: of an event that is queued for that server already is ignored; of one that is not stored makes the
///   batch fail.
/// - put_fan_out: of an event that is not stored makes the batch fail.
/// - put_command_result: the first one of a command id stays.
/// - bind_room: also for a room that is not stored; put_room without a chat id leaves it. A chat id that another room
///   has stays with that room. An empty one takes away what the room has.
/// - bind_message: an event id has one chat message id, the last one told; a chat message id may have many events, and
///   leads to the one bound first.
/// - acknowledge_outbox: never goes back, never beyond the head.
/// - put_dead_letter: keeps a copy of the notification, so it outlives the outbox row, and appends a `dead_letter` to
///   the same stream; nothing, where it is known already or its notification is a `dead_letter` itself. Beyond
///   dead_letters_kept_max the oldest go.
/// - retry_dead_letter: one that is not there is no fault.
class engine : public reader {
public:
  /// Commits all batches in one transaction: when it returns outcomes (one per batch), they are on disk. On a fault
  /// nothing of any of them is. Never throws. They are committed only if this node has the shards of all of them, and
  /// where one has a fence its shard that epoch, which is checked in the same transaction.
  /// @returns store_failed: the machine is at fault (disk full, I/O); stale_owner: another node has the store, or a
  /// shard (`owns` says which), or a fence does not hold; any other fault: one of the batches is, such as internal: it
  /// names no shard
  virtual result<std::vector<commit_outcome>> commit(std::span<const store_batch> batches) = 0;

  /// Whether this node has these shards, as far as it knows. A commit that another node's shard was in has made it look
  /// again. A store of one process has all of them for ever.
  virtual bool owns(const shard_set& shards) const {
    (void)shards;
    return true;
  }

  /// Whether the files are still those that were opened, so that a commit into them is found again. Cheap; `commit`
  /// looks as well.
  /// @returns store_failed in words: one is gone, was replaced or overwritten
  virtual status healthy() { return ok(); }

  /// A second connection for another thread; sees every commit that returned before the question.
  /// Null when the engine cannot have one (a store in memory). Any thread.
  virtual result<std::unique_ptr<reader>> open_reader() = 0;

  /// Removes a slice of what is older than `limits` at `now_ms`; call until it returns 0.
  /// @returns rows removed
  virtual result<std::size_t> purge(std::int64_t now_ms, const purge_limits& limits) = 0;

  /// Writes a consistent copy to `path`, which appears whole or not at all, mode 0600. Any thread, while others commit,
  /// except for a store in memory.
  virtual status backup(const std::string& path) = 0;

  /// Runs the steps of the schema that take away something (schema.hpp); whoever does not know this schema is refused
  /// from then on. Harmless when repeated.
  /// @returns conflict in words: a node that shares the store does not know it, or the store is of a newer build
  virtual status finish_upgrade() {
    return fault{fault_code::unrecognized, "this store has no schema that could be upgraded"};
  }

  /// Another node may take the store, at once; nothing is committed any more. Repeats are harmless.
  virtual void leave() {}
};

struct identity;

/// Opens or creates the store; migrates an older schema.
/// @param wanted  what it is to be for (identity.hpp); null: that is not asked
/// @returns store_failed: locked by another process, newer schema, another program's file, permissions, disk;
/// invalid_param: it is used, and was made for something else
result<std::unique_ptr<engine>> open_sqlite(config::store_options options, const identity* wanted = nullptr);

/// The same in the database of `options.url`, which one node at a time serves. Returns when it is the turn of this one.
/// @param place  how it waits for that
/// @returns store_failed: not reachable, in use, newer schema; invalid_param: no URL, or made for something else; what
/// `place.on_wait` says
result<std::unique_ptr<engine>> open_postgresql(const config::store_options& options, const identity* wanted = nullptr,
                                                seat place = {});

/// The one that `options.engine` names.
result<std::unique_ptr<engine>> open_store(const config::store_options& options, const identity* wanted = nullptr,
                                           seat place = {});

} // namespace causeway::store
