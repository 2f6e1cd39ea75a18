#pragma once
#include "messages/alternatives.hpp"
#include "messages/fault.hpp"
#include "messages/shard.hpp"
#include "messages/store/bindings.hpp"
#include "messages/store/bounds.hpp"
#include "messages/store/destinations.hpp"
#include "messages/store/events.hpp"
#include "messages/store/invitations.hpp"
#include "messages/store/late.hpp"
#include "messages/store/node.hpp"
#include "messages/store/outbox.hpp"
#include "messages/store/receipts.hpp"
#include "messages/store/relations.hpp"
#include "messages/store/rooms.hpp"
#include "messages/store/users.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

/// What the store is told and asked. One `store_batch` is one decision of one actor: it is committed whole or not at
/// all. Batches of many actors share a commit (group commit). Rows are plain values; the engine knows no rules of
/// Matrix.
namespace causeway::store {

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
  write() noexcept;
  template <alternative_of<write_content> T>
  write(T x) noexcept : write(place_in<T, write_content>, &x) {}
  write(const write&);
  write(write&&) noexcept;
  write& operator=(const write&);
  write& operator=(write&&) noexcept;
  ~write();

private:
  write(std::size_t place, void* alternative) noexcept;
};

/// Whose batch it is: an owner of a part of the actors (shard) since one change of owners (epoch).
struct ownership {
  shard_number shard = 0;
  std::uint64_t epoch = 0;
  bool operator==(const ownership&) const = default;
};

struct store_batch {
  std::vector<write> writes;
  /// Set: it goes behind all that is urgent, and may wait so long for others of its kind, milliseconds. An urgent batch
  /// of the same actor takes it along.
  std::optional<std::uint32_t> may_wait_ms = {};
  /// Set: it goes along with the next urgent commit, and has one of its own only where none begins for so long,
  /// milliseconds. Whatever is asked after it sees it.
  std::optional<std::uint32_t> may_ride_ms = {};
  /// The shards it is of (messages/batch_shards.hpp); one at least. It is committed only if this node has all of them,
  /// each since the epoch in which it took it, which the engine checks in the same transaction; else fault stale_owner.
  /// A store in a file belongs to one process, which has all of them for ever.
  shard_set shards = {};
  /// Set: the shard, one of those, has to have this epoch besides. A store in a file has epoch 1 for each.
  std::optional<ownership> fence = {};
};

using query_content =
  std::variant<load_room, load_events, load_ancestors, find_event, load_destination, find_received_transaction,
               find_command_result, load_invitation, find_invitations, read_outbox, find_message, find_user,
               load_directory, list_rooms, list_destinations, load_redaction, load_known, load_key_documents,
               load_relations, find_member_rooms, list_dead_letters, load_receipts, find_readers, load_receipt_debts,
               find_staged, find_owed, find_notification, load_dead_letter, list_audit, list_staged, find_shared_rooms,
               list_nodes, list_shards>;

/// As with `message`: special members are compiled once.
struct query : query_content {
  query() noexcept;
  template <alternative_of<query_content> T>
  query(T x) noexcept : query(place_in<T, query_content>, &x) {}
  query(const query&);
  query(query&&) noexcept;
  query& operator=(const query&);
  query& operator=(query&&) noexcept;
  ~query();

private:
  query(std::size_t place, void* alternative) noexcept;
};

using answer_content =
  std::variant<fault, room_loaded, events_loaded, destination_loaded, received_transaction_found, command_result_found,
               invitation_loaded, invitations_found, outbox_read, message_found, user_found, directory_loaded,
               rooms_listed, destinations_listed, redaction_loaded, known_loaded, key_documents_loaded,
               relations_loaded, member_rooms_found, dead_letters_listed, receipts_loaded, readers_found,
               receipt_debts_loaded, staged_found, owed_found, notification_found, dead_letter_loaded, audit_listed,
               staged_listed, shared_rooms_found, nodes_listed, shards_listed>;

/// As with `message`: special members are compiled once.
struct answer : answer_content {
  answer() noexcept;
  template <alternative_of<answer_content> T>
  answer(T x) noexcept : answer(place_in<T, answer_content>, &x) {}
  answer(const answer&);
  answer(answer&&) noexcept;
  answer& operator=(const answer&);
  answer& operator=(answer&&) noexcept;
  ~answer();

private:
  answer(std::size_t place, void* alternative) noexcept;
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
