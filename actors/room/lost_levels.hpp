#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/room_state.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace causeway::room {

/// Roles our users have given that somebody else's change of the levels, made at the same moment, has put aside: state
/// resolution takes one content whole. They are given once more, as a change of what won; and so are those that others
/// have taken, where `room.permission_drift` is push. Source: room versions, "State
/// resolution"; CONTRACT.md, "Roles".
///
/// Nothing of it is on disk: what was lost is seen from the events, when it is lost. A broker that ends within the
/// moments between that and the new change leaves it at what the chat server was told by role.changed.
class lost_levels {
public:
  static constexpr std::uint32_t attempts_max = 3;

  lost_levels(const room_state& room, decision& out, authoring& author) : room_(room), out_(out), authoring_(author) {}

  void observe(const state_change& c);
  /// Somebody else's change has taken it, and the chat server's word counts: it is given once more, by one who may.
  /// Whom it was given up for ten minutes ago at most is left as they are.
  void push(const std::string& user, const std::string& by, std::int64_t level) {
    if (!insisted_.contains(user)) lost(user, by, level);
  }
  /// The policy server has answered, perhaps about a change of these.
  void try_again();
  /// Whether that user's level is about to be given once more, or was given up by the last change: that is told here.
  bool is_to_give(const std::string& user) const {
    const auto found = given_.find(user);
    return given_up_.contains(user) || (found != given_.end() && found->second.is_lost);
  }
  time_ms deadline() const { return alarm_.at(); }
  void on_deadline();
  bool is_idle() const { return !alarm_.is_set() && !asked_; }
  void describe(matrix::json::object& o, time_ms) const {
    o.set("roles_to_give_again", static_cast<std::int64_t>(given_.size()));
  }

private:
  struct given {
    std::string by;
    std::int64_t level = 0;
    std::uint32_t attempts = 0;
    bool is_lost = false;
    time_ms since = 0; ///< of the first loss
  };
  using by_user = std::map<std::string, given>;

  void lost(const std::string& user, const std::string& by, std::int64_t level);
  /// @returns false: the policy server is asked first
  bool give(const std::string& user, given& g);
  std::vector<matrix::event_ptr> chain_of(const matrix::event_ptr& levels) const;
  void add_changed(std::set<std::string>& out, const matrix::event& levels) const;

  const room_state& room_;
  decision& out_;
  authoring& authoring_;
  by_user given_;
  std::set<std::string> given_up_;          ///< by the last change of the levels
  std::map<std::string, time_ms> insisted_; ///< user -> when their level was given up; for ten minutes
  alarm_time alarm_;
  bool asked_ = false; ///< the policy server's word is waited for
};

} // namespace causeway::room
