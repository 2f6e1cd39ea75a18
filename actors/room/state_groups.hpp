#pragma once
#include "messages/matrix/event.hpp"
#include "messages/matrix/state_map.hpp"
#include "messages/matrix/state_resolution.hpp"
#include "messages/store.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace causeway::room {

/// A room state with the id it has in the store.
struct state_ref {
  std::int64_t group = 0;
  matrix::state_ptr state; ///< null: not at hand
  explicit operator bool() const { return state != nullptr; }
};

/// Makes the states of a room and writes each as a group of the store: what it changes on the one before, now and then
/// the whole. Remembers how states were merged. Pure. A change to a state of n entries costs O(log n) here and a row of
/// one entry.
class state_groups {
public:
  /// Between two whole copies of a state of n entries lie n / this changes at least, so that whole copies cost each
  /// change a few entries, in time and on disk, and reading a state back at most about twice what its entries do.
  static constexpr std::size_t entries_per_delta = 4;

  /// @param full_every  changes between two whole copies, at least (`room.state_group_full_every`)
  explicit state_groups(std::int64_t full_every) : full_every_(full_every) {}

  void begin(std::string room_id) { room_id_ = std::move(room_id); }
  /// @param last  highest id given
  void load(std::string room_id, std::int64_t last);
  /// Highest id given.
  std::int64_t last() const { return last_; }

  /// A state known from outside.
  state_ref adopt(matrix::state_map state, std::vector<store::write>& batch);
  /// The state after a state event. @pre `base` is at hand
  state_ref with_entry(const state_ref& base, const matrix::event& x, std::vector<store::write>& batch);
  /// One state of several. The same several were perhaps merged before; a result that equals one of them is that one.
  /// @pre all are at hand, one at least
  state_ref resolve(std::vector<state_ref> states, const matrix::resolution_context& context,
                    std::vector<store::write>& batch);
  /// The same states may merge into another now.
  void forget_resolved() { resolved_.clear(); }
  /// The merges that are remembered, by the groups that were merged.
  std::map<std::vector<std::int64_t>, state_ref>& resolved() { return resolved_; }

private:
  state_ref add(matrix::state_map state, const state_ref& base, std::vector<store::write>& batch);
  bool is_whole_due(const matrix::state_map& state) const;

  /// Merges kept; a room with more open forks than this makes the oldest again.
  static constexpr std::size_t resolved_max = 64;

  std::int64_t full_every_;
  std::string room_id_;
  std::int64_t last_ = 0;
  std::int64_t deltas_since_whole_ = 0;
  std::map<std::vector<std::int64_t>, state_ref> resolved_; ///< by sorted group ids
};

} // namespace causeway::room
