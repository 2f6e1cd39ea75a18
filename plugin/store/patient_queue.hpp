#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <utility>

namespace causeway::store {

/// What may wait behind urgent work, each until a time of its own: gathered, so that a crowd costs few commits, and let
/// go in order. When the first of those times comes all that is there by then is *ripe*, and is taken in slices between
/// urgent work. Not safe for threads.
template <class Item>
class patient_queue {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param of      whose it is: `take_all_of` gives all of it. Null: nobody asks
  /// @param weight  its share of a slice; 0: it goes with any
  /// @returns whether `due` is earlier than before
  bool put(Item x, time_point due, const void* of, std::size_t weight) {
    const auto at = waiting_.insert(waiting_.end(), {std::move(x), of, weight, ++last_put_});
    if (of) owners_.emplace(of, at);
    if (next_due_ && *next_due_ <= due) return false;
    next_due_ = due;
    return !has_ripe();
  }
  /// When something is ripe; nothing: never, as it stands.
  std::optional<time_point> due() const { return has_ripe() ? time_point::min() : next_due_; }
  bool is_ripe(time_point now) {
    if (!has_ripe() && next_due_ && *next_due_ <= now) ripen();
    return has_ripe();
  }
  /// All that is there.
  void ripen() {
    ripe_up_to_ = last_put_;
    next_due_.reset();
  }
  /// Weight of the oldest ripe one; nothing: none is ripe.
  std::optional<std::size_t> next_weight() const {
    return has_ripe() ? std::optional{waiting_.front().weight} : std::nullopt;
  }
  /// Gives the oldest ripe ones away, at most `count_max`, up to `weight_max` together.
  template <class Give>
  void take_slice(std::size_t weight_max, std::size_t count_max, Give&& give) {
    for (std::size_t weight = 0, count = 0; has_ripe() && count < count_max; ++count) {
      const auto first = waiting_.begin();
      weight += first->weight;
      if (weight > weight_max) return;
      give(remove(first));
    }
  }
  /// Gives away all of one owner, in its order, ripe or not.
  template <class Give>
  void take_all_of(const void* of, Give&& give) {
    while (true) {
      const auto oldest = owners_.lower_bound(of); // equal keys of a multimap stand in the order in which they came
      if (oldest == owners_.end() || oldest->first != of) break;
      give(remove(oldest->second));
    }
    if (waiting_.empty()) next_due_.reset();
  }
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }

private:
  struct entry {
    Item item;
    const void* of = nullptr;
    std::size_t weight = 1;
    std::uint64_t number = 0;
  };
  using entries = std::list<entry>;

  bool has_ripe() const { return !waiting_.empty() && waiting_.front().number <= ripe_up_to_; }
  Item remove(typename entries::iterator at) {
    const auto [first, last] = owners_.equal_range(at->of);
    for (auto it = first; it != last; ++it)
      if (it->second == at) {
        owners_.erase(it);
        break;
      }
    auto x = std::move(at->item);
    waiting_.erase(at);
    return x;
  }

  entries waiting_;
  std::uint64_t last_put_ = 0, ripe_up_to_ = 0; ///< numbers
  std::optional<time_point> next_due_;          ///< of those that are not ripe
  std::multimap<const void*, typename entries::iterator> owners_;
};

} // namespace causeway::store
