#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace causeway {

/// A sorted map whose copies share what they have in common: a copy is one pointer, and a change to one of them makes
/// anew only the nodes on the way to the changed entry, so a thousand versions of a large map cost little more than
/// one. An AVL tree; keys and values are immutable and shared between versions. Copies may be read, changed and
/// destroyed by different threads; one object by one thread at a time, as with `std::map`.
///
/// Its interface is that of `std::map` as far as it goes, without anything that would change a value in place. Lookup,
/// insertion and removal are O(log n), a step of an iterator O(1) on average. What changes an object invalidates its
/// iterators; those of its copies stay. Memory: 32 bytes an entry beside the pair and its count; a changed version
/// about 1.4 log2(n) nodes of 32 bytes.
template <class Key, class Value, class Less = std::less<>>
class persistent_map {
  /// Owns a share of an immutable thing that counts its owners.
  template <class Counted>
  class share {
  public:
    share() = default;
    explicit share(Counted* fresh) : at_(fresh) {}
    share(const share& other) : at_(other.at_) {
      if (at_) at_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    share(share&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    share& operator=(share other) noexcept {
      std::swap(at_, other.at_);
      return *this;
    }
    ~share() {
      if (at_ && (is_sole() || at_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1)) delete at_;
    }
    /// Nobody else has it, so nobody sees it change.
    bool is_sole() const { return at_->owners.load(std::memory_order_acquire) == 1; }
    Counted* get() const { return at_; }
    Counted* operator->() const { return at_; }
    Counted& operator*() const { return *at_; }
    explicit operator bool() const { return at_ != nullptr; }

  private:
    Counted* at_ = nullptr;
  };

public:
  using key_type = Key;
  using mapped_type = Value;
  using value_type = std::pair<const Key, Value>;
  using size_type = std::size_t;

private:
  struct entry {
    std::atomic<std::uint32_t> owners{1};
    value_type pair;
    template <class K, class V>
    entry(K&& key, V&& value) : pair(std::forward<K>(key), std::forward<V>(value)) {}
  };
  struct node {
    std::atomic<std::uint32_t> owners{1};
    std::uint32_t height = 1;
    share<entry> item;
    share<node> left, right; // destroying them recurses as deep as the tree is high
    explicit node(share<entry> x) : item(std::move(x)) {}
    node(const node& other) : height(other.height), item(other.item), left(other.left), right(other.right) {}
    node& operator=(const node&) = delete;
  };
  using tree = share<node>;
  /// Of an AVL tree with 2^32 entries, which no memory holds.
  static constexpr std::size_t height_max = 48;

public:
  /// In the order of keys. Forward only.
  class const_iterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = persistent_map::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    const_iterator() = default;
    const_iterator(const const_iterator& other) { *this = other; }
    const_iterator& operator=(const const_iterator& other) {
      size_ = other.size_;
      std::copy_n(other.path_.begin(), size_, path_.begin());
      return *this;
    }
    reference operator*() const { return top()->item->pair; }
    pointer operator->() const { return &top()->item->pair; }
    const_iterator& operator++() {
      const auto* n = top();
      --size_;
      descend(n->right.get());
      return *this;
    }
    const_iterator operator++(int) {
      auto before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const const_iterator& a, const const_iterator& b) {
      return a.size_ == 0 || b.size_ == 0 ? a.size_ == b.size_ : a.top() == b.top();
    }

  private:
    friend persistent_map;
    const node* top() const { return path_[size_ - 1]; }
    void push(const node* n) { path_[size_++] = n; }
    void descend(const node* n) {
      for (; n; n = n->left.get()) push(n);
    }
    std::array<const node*, height_max>
      path_; ///< nodes whose entry and right side are still to come; only the first `size_` are anything
    std::size_t size_ = 0;
  };
  using iterator = const_iterator;

  persistent_map() = default;
  persistent_map(std::initializer_list<value_type> all) {
    for (const auto& [key, value] : all) try_emplace(key, value);
  }
  template <std::input_iterator Iterator>
  persistent_map(Iterator from, Iterator to) {
    for (; from != to; ++from) try_emplace(from->first, from->second);
  }
  persistent_map(const persistent_map&) = default;
  persistent_map(persistent_map&& other) noexcept
      : root_(std::move(other.root_)), size_(std::exchange(other.size_, 0)) {}
  persistent_map& operator=(persistent_map other) noexcept {
    root_ = std::move(other.root_);
    size_ = other.size_;
    return *this;
  }
  ~persistent_map() = default;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { *this = {}; }

  const_iterator begin() const {
    const_iterator it;
    it.descend(root_.get());
    return it;
  }
  const_iterator end() const { return {}; }

  /// The value of `key`; null when there is none. `K`: the key, or what `Less` compares with it.
  template <class K>
  const Value* get(const K& key) const {
    const node* found = nullptr;
    for (const auto* n = root_.get(); n;) {
      if (Less{}(n->item->pair.first, key)) {
        n = n->right.get();
      } else {
        found = n;
        n = n->left.get();
      }
    }
    return found && !Less{}(key, found->item->pair.first) ? &found->item->pair.second : nullptr;
  }
  template <class K = Key>
  bool contains(const K& key) const {
    return get(key) != nullptr;
  }
  /// @throws std::out_of_range when there is none
  template <class K = Key>
  const Value& at(const K& key) const {
    if (const auto* found = get(key)) return *found;
    throw std::out_of_range("persistent_map: no such key");
  }
  template <class K = Key>
  const_iterator find(const K& key) const {
    auto it = lower_bound(key);
    return it == end() || Less{}(key, it->first) ? end() : it;
  }
  /// The first entry whose key is not less.
  template <class K = Key>
  const_iterator lower_bound(const K& key) const {
    const_iterator it;
    for (const auto* n = root_.get(); n;) {
      if (Less{}(n->item->pair.first, key)) {
        n = n->right.get();
      } else {
        it.push(n);
        n = n->left.get();
      }
    }
    return it;
  }
  /// The first entry whose key is greater.
  template <class K = Key>
  const_iterator upper_bound(const K& key) const {
    auto it = lower_bound(key);
    if (it != end() && !Less{}(key, it->first)) ++it;
    return it;
  }

  void insert_or_assign(Key key, Value value) {
    size_ += put(root_, share<entry>{new entry(std::move(key), std::move(value))});
  }
  /// @returns whether the key is new; otherwise nothing changes
  bool try_emplace(Key key, Value value) {
    if (contains(key)) return false;
    insert_or_assign(std::move(key), std::move(value));
    return true;
  }
  /// @returns how many were removed: 0 or 1
  template <class K = Key>
  std::size_t erase(const K& key) {
    if (!contains(key)) return 0;
    remove(root_, key);
    --size_;
    return 1;
  }

  /// Calls `visit(key, in_a, in_b)` in the order of keys for each key that only one of the two has (the other's value
  /// is null) or that both have with different values. What they share is not looked at: O(d log n) for d differences
  /// between a version and one made from it.
  template <class Visit>
  static void for_each_difference(const persistent_map& a, const persistent_map& b, Visit&& visit) {
    differ(a, b, [&](const Key& key, const Value* in_a, const Value* in_b) {
      visit(key, in_a, in_b);
      return true;
    });
  }
  friend bool operator==(const persistent_map& a, const persistent_map& b) {
    if (a.size_ != b.size_) return false;
    bool equal = true;
    differ(a, b, [&](const Key&, const Value*, const Value*) { return equal = false; });
    return equal;
  }

  /// Whether every node is as high and as balanced as an AVL tree's, and the keys are in order. For tests.
  bool is_sound() const {
    std::size_t count = 0;
    const Key* last = nullptr;
    for (const auto& [key, value] : *this) {
      if (last && !Less{}(*last, key)) return false;
      last = &key;
      ++count;
    }
    return count == size_ && is_balanced(root_);
  }

private:
  static std::uint32_t height(const tree& t) { return t ? t->height : 0; }
  static void set_height(node& n) { n.height = std::max(height(n.left), height(n.right)) + 1; }
  /// Makes the node at `t` this version's own; others who have it keep theirs.
  static node& own(tree& t) {
    if (!t.is_sole()) t = tree{new node(*t)};
    return *t;
  }
  /// @pre `t` is this version's own, and so is the child that comes up
  template <tree node::*From, tree node::*To>
  static void rotate(tree& t) {
    auto up = std::move((*t).*From);
    (*t).*From = std::move((*up).*To);
    set_height(*t);
    (*up).*To = std::move(t);
    set_height(*up);
    t = std::move(up);
  }
  template <tree node::*Low, tree node::*High>
  static void lift(tree& t) {
    auto& high = own((*t).*High);
    if (height(high.*Low) > height(high.*High)) {
      own(high.*Low);
      rotate<Low, High>((*t).*High);
    }
    rotate<High, Low>(t);
  }
  /// @pre `t` is this version's own, its sides are balanced and differ in height by two at most
  static void balance(tree& t) {
    if (height(t->left) > height(t->right) + 1) lift<&node::right, &node::left>(t);
    else if (height(t->right) > height(t->left) + 1) lift<&node::left, &node::right>(t);
    else set_height(*t);
  }
  /// @returns how many entries are new: 0 or 1
  static std::size_t put(tree& t, share<entry> x) {
    if (!t) {
      t = tree{new node(std::move(x))};
      return 1;
    }
    auto& n = own(t);
    const auto &key = x->pair.first, &here = n.item->pair.first;
    std::size_t added = 0;
    if (Less{}(key, here)) added = put(n.left, std::move(x));
    else if (Less{}(here, key)) added = put(n.right, std::move(x));
    else n.item = std::move(x);
    if (added > 0) balance(t);
    return added;
  }
  static share<entry> take_first(tree& t) {
    auto& n = own(t);
    if (!n.left) {
      auto first = n.item;
      auto rest = std::move(n.right);
      t = std::move(rest);
      return first;
    }
    auto first = take_first(n.left);
    balance(t);
    return first;
  }
  /// @pre the key is there
  template <class K>
  static void remove(tree& t, const K& key) {
    auto& n = own(t);
    if (Less{}(key, n.item->pair.first)) {
      remove(n.left, key);
    } else if (Less{}(n.item->pair.first, key)) {
      remove(n.right, key);
    } else if (!n.left || !n.right) {
      auto rest = std::move(n.left ? n.left : n.right);
      t = std::move(rest);
      return;
    } else {
      n.item = take_first(n.right);
    }
    balance(t);
  }
  static bool is_balanced(const tree& t) {
    if (!t) return true;
    const auto l = height(t->left), r = height(t->right);
    return t->height == std::max(l, r) + 1 && std::max(l, r) - std::min(l, r) <= 1 && is_balanced(t->left) &&
           is_balanced(t->right);
  }

  /// What of a tree is still to come, in the order of keys: whole subtrees as long as nobody has to look into them.
  class cursor {
  public:
    explicit cursor(const node* root) { push(root, true); }
    bool is_at_end() const { return size_ == 0; }
    bool is_whole() const { return whole_[size_ - 1]; }
    const node* at() const { return nodes_[size_ - 1]; }
    void pass() { --size_; }
    /// Looks into the subtree.
    void open() {
      const auto* n = at();
      pass();
      push(n->right.get(), true);
      push(n, false);
      push(n->left.get(), true);
    }

  private:
    void push(const node* n, bool whole) {
      if (!n) return;
      nodes_[size_] = n;
      whole_[size_++] = whole;
    }
    std::array<const node*, 2 * height_max + 1> nodes_;
    std::array<bool, 2 * height_max + 1> whole_;
    std::size_t size_ = 0;
  };
  /// As `for_each_difference`, until `visit` returns false.
  template <class Visit>
  static void differ(const persistent_map& a, const persistent_map& b, Visit visit) {
    cursor x{a.root_.get()}, y{b.root_.get()};
    while (!x.is_at_end() || !y.is_at_end()) {
      if (y.is_at_end() || (!x.is_at_end() && x.is_whole() && !y.is_whole())) {
        if (x.is_whole()) {
          x.open();
          continue;
        }
        if (!visit(x.at()->item->pair.first, &x.at()->item->pair.second, nullptr)) return;
        x.pass();
        continue;
      }
      if (x.is_at_end() || (y.is_whole() && !x.is_whole())) {
        if (y.is_whole()) {
          y.open();
          continue;
        }
        if (!visit(y.at()->item->pair.first, nullptr, &y.at()->item->pair.second)) return;
        y.pass();
        continue;
      }
      if (x.is_whole()) { // both are
        if (x.at() == y.at()) {
          x.pass();
          y.pass();
          continue;
        }
        // The higher one first, so that what they share comes up in both at the same place.
        const auto in_x = x.at()->height, in_y = y.at()->height;
        if (in_x >= in_y) x.open();
        if (in_y >= in_x) y.open();
        continue;
      }
      const auto &in_x = x.at()->item->pair, &in_y = y.at()->item->pair;
      if (&in_x != &in_y) {
        if (Less{}(in_x.first, in_y.first)) {
          if (!visit(in_x.first, &in_x.second, nullptr)) return;
          x.pass();
          continue;
        }
        if (Less{}(in_y.first, in_x.first)) {
          if (!visit(in_y.first, nullptr, &in_y.second)) return;
          y.pass();
          continue;
        }
        if (!(in_x.second == in_y.second) && !visit(in_x.first, &in_x.second, &in_y.second)) return;
      }
      x.pass();
      y.pass();
    }
  }

  tree root_;
  std::size_t size_ = 0;
};

} // namespace causeway
