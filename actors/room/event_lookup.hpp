#pragma once
#include "actors/decision.hpp"
#include "actors/room/room_state.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace causeway::room {

/// Which of the events that others cite the store has: each is asked for once in a round.
class event_lookup {
public:
  /// Ids that are remembered as absent from the store; beyond it the next round asks for them again.
  static constexpr std::size_t absent_max = 10'000;

  event_lookup(const room_state& room, decision& out) : room_(room), out_(out) {}

  /// Asks for those that are not being asked for. Each may be in `ids` several times.
  void ask(std::vector<std::string> ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (const auto& [asked, open] : open_)
      std::erase_if(ids, [&](const auto& x) { return std::find(open.begin(), open.end(), x) != open.end(); });
    if (ids.empty()) return;
    const auto asked = out_.next_token();
    out_.ask(asked, store::load_events{room_.id, ids, true});
    open_[asked] = std::move(ids);
  }
  /// @returns what was asked for with this question; nothing: it is none of ours
  std::optional<std::vector<std::string>> answered(token asked) {
    const auto it = open_.find(asked);
    if (it == open_.end()) return {};
    auto ids = std::move(it->second);
    open_.erase(it);
    return ids;
  }
  bool is_open() const { return !open_.empty(); }

  bool is_absent(const std::string& id) const { return absent_.contains(id); }
  void set_absent(std::string id) {
    if (absent_.size() >= absent_max) absent_.clear();
    absent_.insert(std::move(id));
  }
  void forget(const std::string& id) { absent_.erase(id); }
  /// Begins a new round.
  void forget_absent() { absent_.clear(); }

private:
  const room_state& room_;
  decision& out_;
  std::map<token, std::vector<std::string>> open_;
  std::unordered_set<std::string> absent_;
};

} // namespace causeway::room
