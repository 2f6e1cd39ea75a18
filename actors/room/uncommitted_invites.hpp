#pragma once
#include "actors/effects.hpp"
#include "messages/room.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::room {

/// Invites of our users that are signed and not yet in the graph; the actors of their invitations have them. At most
/// one of a user. What such an actor has not confirmed is told it again: either actor may fail with the word of it.
class uncommitted_invites {
public:
  /// Pause between two words of the same invite; longer than any commit takes.
  static constexpr time_ms tell_again_ms = 15'000;

  struct invite {
    std::string event_id, by;
    std::optional<room_invite_request> unconfirmed; ///< nothing: its row is on disk
    time_ms told_at = 0;
    bool is_version_refused = false; ///< its server does not know the room's version: it has not seen the room
  };

  bool contains(const std::string& user) const { return by_user_.contains(user); }
  const std::map<std::string, invite>& all() const { return by_user_; }

  void add(const std::string& user, room_invite_request wanted, time_ms now) {
    by_user_[user] = {wanted.event->event_id, wanted.event->sender, wanted, now};
  }
  /// Its row is on disk; known or not, it is on its way from now on.
  void confirm(const invite_begun& m) {
    auto& x = by_user_[m.user_id];
    x = {m.event_id, m.by, std::nullopt, 0};
  }
  /// The invited server does not know the room's version. @returns false: there is no such invite
  bool refuse_version(const std::string& user, std::string_view event_id) {
    const auto it = by_user_.find(user);
    if (it == by_user_.end() || it->second.event_id != event_id) return false;
    return it->second.is_version_refused = true;
  }
  /// One whose server may have it; null: there is none.
  const std::string* perhaps_seen() const {
    for (const auto& [user, x] : by_user_)
      if (!x.is_version_refused) return &user;
    return nullptr;
  }
  /// It is in the graph, or never will be.
  /// @param event_id  another one than this stays; empty: whichever it is
  /// @returns whether there is none of this user any more
  bool end(const std::string& user, std::string_view event_id) {
    const auto it = by_user_.find(user);
    if (it == by_user_.end()) return true;
    if (!event_id.empty() && it->second.event_id != event_id) return false;
    by_user_.erase(it);
    return true;
  }
  /// What is to be told once more now.
  std::vector<std::pair<std::string, room_invite_request>> overdue(time_ms now) {
    std::vector<std::pair<std::string, room_invite_request>> list;
    for (auto& [user, x] : by_user_) {
      if (!x.unconfirmed || now - x.told_at < tell_again_ms) continue;
      x.told_at = now;
      list.emplace_back(user, *x.unconfirmed);
    }
    return list;
  }
  /// When `overdue` has to be asked next; 0: never.
  time_ms deadline() const {
    time_ms next = 0;
    for (const auto& [user, x] : by_user_)
      if (x.unconfirmed) next = next == 0 ? x.told_at + tell_again_ms : std::min(next, x.told_at + tell_again_ms);
    return next;
  }

private:
  std::map<std::string, invite> by_user_;
};

} // namespace causeway::room
