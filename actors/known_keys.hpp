#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace causeway {

/// Which keys of one kind of actor mean something here: those with something on disk, and those that have an actor.
/// Told by the store at start, then by the supervisor of that kind; asked by doors. Thread-safe. What is on disk takes
/// 8 bytes a key: of two keys with the same hash a stranger's may count as known, which costs an actor and no more.
class known_keys {
public:
  void on_disk(std::string_view key) {
    const std::lock_guard guard(mutex_);
    stored_.insert(hash_(key));
  }
  void made(const std::string& key) {
    const std::lock_guard guard(mutex_);
    living_.insert(key);
  }
  void ended(const std::string& key, bool on_disk) {
    const std::lock_guard guard(mutex_);
    living_.erase(key);
    if (on_disk) stored_.insert(hash_(key));
  }
  bool contains(const std::string& key) const {
    const std::lock_guard guard(mutex_);
    return living_.contains(key) || stored_.contains(hash_(key));
  }

private:
  mutable std::mutex mutex_;
  std::hash<std::string_view> hash_;
  std::unordered_set<std::string> living_;
  std::unordered_set<std::uint64_t> stored_;
};

} // namespace causeway
