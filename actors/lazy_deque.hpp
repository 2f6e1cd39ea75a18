#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

namespace causeway {

/// A `std::deque` that takes one pointer while it is empty. An empty one of the standard library takes 656 bytes, and
/// an actor at rest has a dozen of them. What is promised of elements and iterators is what `std::deque` promises.
template <class T>
class lazy_deque {
public:
  using iterator = typename std::deque<T>::iterator;
  using const_iterator = typename std::deque<T>::const_iterator;

  lazy_deque() = default;
  lazy_deque(const lazy_deque& x) : all_(x.all_ ? std::make_unique<std::deque<T>>(*x.all_) : nullptr) {}
  lazy_deque(lazy_deque&&) noexcept = default;
  lazy_deque& operator=(lazy_deque x) noexcept {
    all_ = std::move(x.all_);
    return *this;
  }
  ~lazy_deque() = default;

  bool empty() const { return !all_; }
  std::size_t size() const { return all_ ? all_->size() : 0; }
  iterator begin() { return all_ ? all_->begin() : iterator{}; }
  iterator end() { return all_ ? all_->end() : iterator{}; }
  const_iterator begin() const { return all_ ? std::as_const(*all_).begin() : const_iterator{}; }
  const_iterator end() const { return all_ ? std::as_const(*all_).end() : const_iterator{}; }
  /// @pre not empty; so with `back` and the two that remove
  T& front() { return all_->front(); }
  const T& front() const { return all_->front(); }
  T& back() { return all_->back(); }
  const T& back() const { return all_->back(); }

  void push_back(T x) { some().push_back(std::move(x)); }
  void push_front(T x) { some().push_front(std::move(x)); }
  void pop_front() {
    all_->pop_front();
    let_go_if_empty();
  }
  void pop_back() {
    all_->pop_back();
    let_go_if_empty();
  }
  void clear() { all_.reset(); }
  /// @returns how many were removed
  template <class Condition>
  std::size_t erase_if(Condition condition) {
    if (!all_) return 0;
    const auto removed = std::erase_if(*all_, std::move(condition));
    let_go_if_empty();
    return removed;
  }

private:
  std::deque<T>& some() {
    if (!all_) all_ = std::make_unique<std::deque<T>>();
    return *all_;
  }
  void let_go_if_empty() {
    if (all_->empty()) all_.reset();
  }

  std::unique_ptr<std::deque<T>> all_; ///< null: empty
};

} // namespace causeway
