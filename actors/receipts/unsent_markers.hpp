#pragma once
#include "messages/store.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace causeway::receipts {

/// Whose marker it is, of what.
struct marker_key {
  std::string room_id, user_id, thread;
  auto operator<=>(const marker_key&) const = default;
};

/// Markers of our users that some server has not been told yet, by the number of their change: the newest of each key.
/// What a server has not been told is then all of it behind one number, however long the server was away. Pure.
class unsent_markers {
public:
  /// At the bound the oldest go: servers that are away hear of so many when they are back.
  static constexpr std::size_t markers_max = 20'000;

  /// Takes the place of the older marker of its key.
  /// @returns false: the oldest one had to go for it
  bool add(const store::put_receipt& x) {
    auto [known, is_new] = latest_.try_emplace({x.room_id, x.user_id, x.thread}, x.change);
    if (!is_new) by_change_.erase(std::exchange(known->second, x.change));
    by_change_.insert_or_assign(x.change, x);
    if (by_change_.size() <= markers_max) return true;
    erase(by_change_.begin());
    return false;
  }
  /// One that has moved before: a server is to be told of it now. It has no place where a newer one of its key is, or
  /// at the bound.
  void add_older(const store::put_receipt& x) {
    if (by_change_.size() >= markers_max) return;
    if (latest_.try_emplace({x.room_id, x.user_id, x.thread}, x.change).second) by_change_.emplace(x.change, x);
  }
  /// All servers know them.
  void forget_until(std::int64_t change) {
    while (!by_change_.empty() && by_change_.begin()->first <= change) erase(by_change_.begin());
  }
  void clear() {
    by_change_.clear();
    latest_.clear();
  }
  /// Calls `take` for each behind that change, in order, until it returns false.
  template <class Take>
  void for_each_since(std::int64_t change, Take take) const {
    for (auto at = by_change_.upper_bound(change); at != by_change_.end(); ++at)
      if (!take(at->second)) return;
  }
  bool empty() const { return by_change_.empty(); }
  std::size_t size() const { return by_change_.size(); }

private:
  using changes = std::map<std::int64_t, store::put_receipt>;
  void erase(changes::iterator at) {
    latest_.erase({at->second.room_id, at->second.user_id, at->second.thread});
    by_change_.erase(at);
  }

  changes by_change_;
  std::map<marker_key, std::int64_t> latest_;
};

} // namespace causeway::receipts
