#pragma once
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

namespace causeway {

/// Ids that are remembered, at most `max` of them: the oldest make room, so that nobody can have all of them forgotten at once.
class bounded_set {
public:
  explicit bounded_set(std::size_t max) : max_(max) {}
  bounded_set(const bounded_set& x) : max_(x.max_) {
    for (const auto& id : x.order_) insert(id);
  }
  bounded_set(bounded_set&&) noexcept = default;
  bounded_set& operator=(const bounded_set& x) {
    if (this != &x) *this = bounded_set(x);
    return *this;
  }
  bounded_set& operator=(bounded_set&&) noexcept = default;

  bool contains(std::string_view id) const { return ids_.contains(id); }
  /// @returns whether it is new
  bool insert(std::string id) {
    if (ids_.contains(id)) return false;
    if (order_.size() >= max_) {
      ids_.erase(order_.front());
      order_.pop_front();
    }
    ids_.insert(order_.emplace_back(std::move(id)));
    return true;
  }
  void clear() {
    ids_.clear();
    order_.clear();
  }
  std::size_t size() const { return order_.size(); }

private:
  std::size_t max_;
  std::deque<std::string> order_;            ///< oldest first
  std::unordered_set<std::string_view> ids_; ///< of `order_`, whose elements stay where they are
};

} // namespace causeway
