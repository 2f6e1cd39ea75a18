#pragma once
#include "actors/bounded_map.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace causeway::room {

/// Which of the events that others cite the store has: each is asked for once in a round.
class event_lookup {
public:
  /// Ids that are remembered as absent from the store; beyond it the oldest is asked for again.
  static constexpr std::size_t absent_max = 10'000;

  event_lookup(const room_state& room, pending_questions& pending) : room_(room), pending_(pending) {}

  /// Asks for those that are not being asked for. Each may be in `ids` several times.
  void ask(std::vector<std::string> ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::erase_if(ids, [this](const auto& x) { return open_.contains(x); });
    if (ids.empty()) return;
    open_.insert(ids.begin(), ids.end());
    pending_.ask_store(store::load_events{room_.id, ids, true}, question::cited_events{ids});
  }
  /// The question is not open any more, answered or not.
  void ended(const question::cited_events& q) {
    for (const auto& id : q.ids) open_.erase(id);
  }
  bool is_open() const { return !open_.empty(); }

  bool is_absent(const std::string& id) const { return absent_.contains(id); }
  void set_absent(std::string id) { absent_.put(std::move(id), {}); }
  void forget(const std::string& id) { absent_.erase(id); }
  /// Begins a new round.
  void forget_absent() { absent_.clear(); }

private:
  const room_state& room_;
  pending_questions& pending_;
  std::unordered_set<std::string> open_; ///< ids that are being asked for
  bounded_map<std::string, std::monostate> absent_{absent_max};
};

} // namespace causeway::room
