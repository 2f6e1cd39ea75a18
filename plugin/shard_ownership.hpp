#pragma once
#include "messages/shard.hpp"
#include "plugin/database.hpp"

#include <array>
#include <cstdint>
#include <string>

/// Who has which shards of a store that several nodes share (table `shard`), and since when. Epochs count the owners a
/// shard has had: one names one owner for ever.
namespace causeway::store {

/// Shards that one node has, each since an epoch of its own.
class shard_epochs {
public:
  shard_epochs() = default;
  shard_epochs(const shard_set& shards, std::uint64_t epoch) {
    shards.for_each([&](shard_number x) { put(x, epoch); });
  }

  /// @param epoch  0: it does not have it
  void put(shard_number shard, std::uint64_t epoch) { epochs_.at(shard) = epoch; }
  /// 0: it does not have it.
  std::uint64_t at(shard_number shard) const { return epochs_.at(shard); }
  shard_set shards() const;
  bool operator==(const shard_epochs&) const = default;

private:
  std::array<std::uint64_t, shard_count> epochs_{};
};

namespace sql {

/// The fence of a commit, a statement for an owner (?1), shards (?2), their epochs (?3) and how many they are (?4). It
/// fails, by a division by zero, where one of them has another owner or epoch, and else holds off whoever takes one of
/// them until the transaction ends. It fails in the server, so nobody has to wait for its answer. Rows are locked in
/// the order of their ids, as by all who lock several.
std::string check_shards();
/// ?2 to ?4 of it.
struct fence_values {
  fence_values(const shard_set& of, const shard_epochs& known);
  std::string shards, epochs; ///< arrays in PostgreSQL's words
  std::int64_t count = 0;
};

/// Another node, `to`, has those of `wanted` that `from` has, each with the next epoch. @pre in a transaction that
/// writes: whoever wants all or none rolls it back. @returns those. @throws error
shard_epochs take_shards(connection& db, const shard_set& wanted, std::int64_t from, std::int64_t to);
/// What a node takes again that has lost its connection: of the shards it knows those that have been its own all the
/// time, each with the epoch behind the known one; a statement of its own that tells id and epoch of each. Said again,
/// since its answer was lost, it does no more: then that epoch is there already. One that went away and came back has
/// had two owners since, and a higher one.
std::string take_again(std::int64_t owner, const shard_epochs& known);
/// What a node has. @throws error
shard_epochs read_shards(connection& db, std::int64_t owner);

} // namespace sql
} // namespace causeway::store
