#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

namespace causeway {

/// Ids that are remembered, at most `max` of them: the oldest make room, so that nobody can have all of them forgotten
/// at once. Empty it takes two words.
class bounded_set {
public:
  explicit bounded_set(std::size_t max) : max_(max) {}
  bounded_set(const bounded_set& x) : max_(x.max_) {
    if (x.all_)
      for (const auto& id : x.all_->order) insert(id);
  }
  bounded_set(bounded_set&&) noexcept = default;
  bounded_set& operator=(const bounded_set& x) {
    if (this != &x) *this = bounded_set(x);
    return *this;
  }
  bounded_set& operator=(bounded_set&&) noexcept = default;
  ~bounded_set() = default;

  bool contains(std::string_view id) const { return all_ && all_->ids.contains(id); }
  /// @returns whether it is new
  bool insert(std::string id) {
    if (contains(id)) return false;
    if (!all_) all_ = std::make_unique<content>();
    auto& [order, ids] = *all_;
    if (order.size() >= max_) {
      ids.erase(order.front());
      order.pop_front();
    }
    ids.insert(order.emplace_back(std::move(id)));
    return true;
  }
  void clear() { all_.reset(); }
  std::size_t size() const { return all_ ? all_->order.size() : 0; }

private:
  struct content {
    std::deque<std::string> order;            ///< oldest first
    std::unordered_set<std::string_view> ids; ///< of `order`, whose elements stay where they are
  };
  std::size_t max_;
  std::unique_ptr<content> all_; ///< null: none
};

} // namespace causeway
