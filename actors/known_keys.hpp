#pragma once
#include "messages/shard.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace causeway {

/// Which keys of one kind of actor mean something here: those with something on disk, and those that have an actor.
/// Told by the store at start and when shards are taken, then by the supervisor of that kind; asked by doors.
/// Thread-safe. What is on disk takes 8 bytes a key: of two keys with the same hash a stranger's may count as known,
/// which costs an actor and no more.
class known_keys {
public:
  using shard_of_key = shard_number (*)(std::string_view key);
  /// @param shard_of  of the keys of this kind
  explicit known_keys(shard_of_key shard_of = &causeway::shard_of) : shard_of_(shard_of) {}

  void on_disk(std::string_view key) {
    const std::lock_guard guard(mutex_);
    stored_.at(shard_of_(key)).insert(hash_(key));
  }
  void made(const std::string& key) {
    const std::lock_guard guard(mutex_);
    living_.insert(key);
  }
  void ended(const std::string& key, bool on_disk) {
    const std::lock_guard guard(mutex_);
    living_.erase(key);
    if (on_disk) stored_.at(shard_of_(key)).insert(hash_(key));
  }
  /// Another node has these shards: what is on disk of them is known to its doors. Before they are taken again, too,
  /// since rows may have gone meanwhile.
  void forget(const shard_set& shards) {
    const std::lock_guard guard(mutex_);
    shards.for_each([this](shard_number x) { stored_.at(x).clear(); });
  }
  bool contains(const std::string& key) const {
    const std::lock_guard guard(mutex_);
    return living_.contains(key) || stored_.at(shard_of_(key)).contains(hash_(key));
  }

private:
  const shard_of_key shard_of_;
  mutable std::mutex mutex_;
  std::hash<std::string_view> hash_;
  std::unordered_set<std::string> living_;
  std::array<std::unordered_set<std::uint64_t>, shard_count> stored_;
};

} // namespace causeway
