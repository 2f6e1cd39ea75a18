#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

namespace causeway::store {

/// What may wait behind urgent work, each until a time of its own: gathered, so that a crowd costs few commits, and let
/// go in order. When the first of those times comes all that is there by then is *ripe*, and is taken in slices between
/// urgent work. Not safe for threads.
template <class Item>
class patient_queue {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param of      whose it is: `holds` tells whether something of it waits. Null: nobody asks
  /// @param weight  its share of a slice
  /// @returns whether `due` is earlier than before
  bool put(Item x, time_point due, const void* of, std::size_t weight) {
    waiting_.push_back({std::move(x), of, weight});
    if (of) ++owners_[of];
    if (next_due_ && *next_due_ <= due) return false;
    next_due_ = due;
    return ripe_ == 0;
  }
  /// When something is ripe; nothing: never, as it stands.
  std::optional<time_point> due() const { return ripe_ > 0 ? time_point::min() : next_due_; }
  bool is_ripe(time_point now) {
    if (ripe_ == 0 && next_due_ && *next_due_ <= now) ripen();
    return ripe_ > 0;
  }
  /// All that is there.
  void ripen() {
    ripe_ = waiting_.size();
    next_due_.reset();
  }
  /// Gives the oldest ripe ones away, up to `weight_max` together, one at least.
  template <class Give>
  void take_slice(std::size_t weight_max, Give&& give) {
    for (std::size_t weight = 0; ripe_ > 0; --ripe_) {
      auto& first = waiting_.front();
      weight += first.weight;
      if (weight > weight_max && weight != first.weight) return;
      if (const auto owner = owners_.find(first.of); owner != owners_.end() && --owner->second == 0)
        owners_.erase(owner);
      auto x = std::move(first.item);
      waiting_.pop_front();
      give(std::move(x));
    }
  }
  bool holds(const void* of) const { return owners_.contains(of); }
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }

private:
  struct entry {
    Item item;
    const void* of = nullptr;
    std::size_t weight = 1;
  };
  std::deque<entry> waiting_;
  std::size_t ripe_ = 0;               ///< how many at the front
  std::optional<time_point> next_due_; ///< of those that are not
  std::unordered_map<const void*, std::size_t> owners_;
};

} // namespace causeway::store
