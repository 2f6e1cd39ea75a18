#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace causeway::gateway {

/// Values by name, each until its own time, bounded: the names come from strangers. At the bound it forgets what has
/// expired, else any. Time is passed in. Not safe for threads.
template <class Value>
class expiring_cache {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit expiring_cache(std::size_t entries_max) : entries_max_(entries_max) {}

  /// Null when unknown or expired. The pointer holds until the next change.
  const Value* find(const std::string& name, time_point now) const {
    const auto it = entries_.find(name);
    return it == entries_.end() || it->second.until <= now ? nullptr : &it->second.value;
  }

  void put(const std::string& name, Value value, time_point until, time_point now) {
    if (!entries_.contains(name) && entries_.size() >= entries_max_) make_room(now);
    entries_.insert_or_assign(name, entry{std::move(value), until});
  }

  void erase(const std::string& name) { entries_.erase(name); }
  std::size_t size() const { return entries_.size(); }

private:
  struct entry {
    Value value;
    time_point until;
  };

  void make_room(time_point now) {
    std::erase_if(entries_, [now](const auto& x) { return x.second.until <= now; });
    // A sixteenth at once, so that a flood of names does not sweep the whole table for each of them.
    while (!entries_.empty() && entries_.size() > entries_max_ - entries_max_ / 16 - 1)
      entries_.erase(entries_.begin());
  }

  std::size_t entries_max_;
  std::unordered_map<std::string, entry> entries_;
};

} // namespace causeway::gateway
