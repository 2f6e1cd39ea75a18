#pragma once
#include "actors/lazy_deque.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace causeway::room {

/// What the chat server calls the latest messages of its users in one room, so that a reply needs no read, and so that
/// an id is not used twice while the store does not know of it yet. Older ones are in the store.
class message_names {
public:
  /// Names kept. The store is behind by the commands whose RESULT is not out at most, far fewer than half of it.
  static constexpr std::size_t kept_max = 4'000;

  /// Event of that name; null: it is not among the latest.
  const std::string* find(const std::string& own_id) const;
  /// The first event of a name stays the one it means.
  void bind(const std::string& own_id, const std::string& event_id);
  /// Names bound in this incarnation.
  std::uint64_t bound() const { return bound_; }
  /// Whether what the store said when `bound()` was `then`, together with `find` now, is all there is to know of a
  /// name: nothing that was bound since has been forgotten here.
  bool remembers_since(std::uint64_t then) const { return bound_ - then <= kept_max / 2; }

private:
  std::unordered_map<std::string, std::string> events_;
  lazy_deque<std::string> order_; ///< oldest first
  std::uint64_t bound_ = 0;
};

} // namespace causeway::room
