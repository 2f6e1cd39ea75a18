#pragma once
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <utility>

namespace causeway {

/// Values by key, at most `max` of them: the one that was put longest ago makes room, so that nobody can have all of
/// them forgotten at once. `bounded_set` is for ids alone.
template <class Key, class Value>
class bounded_map {
public:
  using pair = std::pair<Key, Value>;

  explicit bounded_map(std::size_t max) : max_(max) {}
  bounded_map(const bounded_map&) = delete; // `order_` points into `all_`
  bounded_map& operator=(const bounded_map&) = delete;
  ~bounded_map() = default;

  /// Null when it is not known. The pointer holds until the key is put again, erased or makes room.
  Value* find(const Key& key) {
    const auto at = all_.find(key);
    return at == all_.end() ? nullptr : &at->second.value;
  }
  bool contains(const Key& key) const { return all_.contains(key); }
  /// It is the newest then, also where the key was known before.
  /// @returns what made room for it
  std::optional<pair> put(Key key, Value value) {
    erase(key);
    std::optional<pair> gone;
    if (all_.size() >= max_) {
      auto oldest = all_.extract(*order_.front());
      order_.pop_front();
      gone.emplace(std::move(oldest.key()), std::move(oldest.mapped().value));
    }
    const auto at = all_.emplace(std::move(key), entry{std::move(value), {}}).first;
    at->second.place = order_.insert(order_.end(), &at->first);
    return gone;
  }
  /// @returns whether it was known
  bool erase(const Key& key) {
    const auto at = all_.find(key);
    if (at == all_.end()) return false;
    order_.erase(at->second.place);
    all_.erase(at);
    return true;
  }
  void clear() {
    order_.clear();
    all_.clear();
  }
  std::size_t size() const { return all_.size(); }

private:
  using order = std::list<const Key*>;
  struct entry {
    Value value;
    typename order::iterator place;
  };
  std::size_t max_; ///< at least 1
  std::map<Key, entry, std::less<>> all_;
  order order_; ///< oldest first; keys of `all_`
};

} // namespace causeway
