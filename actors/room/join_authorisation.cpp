#include "actors/answers.hpp"
#include "actors/room/join_authorisation.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

/// A room that has failed meanwhile counts as one that we are not in.
constexpr time_ms authorising_patience_ms = 10'000;

} // namespace

matrix::event_ptr join_authorisation::restricting_rules() const {
  auto e = room_.graph.state_event("m.room.join_rules");
  const auto* rule = e ? e->content().find("join_rule") : nullptr;
  const auto* text = rule ? rule->as_string() : nullptr;
  if (!text) return nullptr;
  const bool restricts = (*text == "restricted" && room_.graph.rules().restricted_join) ||
                         (*text == "knock_restricted" && room_.graph.rules().knock_restricted);
  return restricts ? e : nullptr;
}

bool join_authorisation::is_needed(std::string_view user) const {
  const auto membership = room_.graph.membership(user);
  return membership != "invite" && membership != "join" && membership != "ban" && restricting_rules();
}

std::optional<join_authorisation::outcome> join_authorisation::begin(const std::string& user, authorised_step next) {
  question a{user, std::move(next), out_.now(), {}, false};
  if (waiting_.size() >= waiting_max)
    return outcome{a.user, std::move(a.next), fault{fault_code::limit_exceeded, "too many joins of this room at once"}};
  std::vector<std::string> rooms;
  const auto rules = restricting_rules();
  const auto* allow = rules ? rules->content().find("allow") : nullptr;
  if (allow && allow->as_array())
    for (const auto& condition : *allow->as_array()) {
      const auto* type = condition.find_string("type");
      const auto* room = condition.find_string("room_id");
      if (!type || *type != "m.room_membership" || !room || !matrix::is_room_id(*room) || *room == room_.id) continue;
      if (std::find(rooms.begin(), rooms.end(), *room) != rooms.end()) continue;
      if (rooms.size() == conditions_max) {
        a.unknown_room = true;
        break;
      }
      rooms.push_back(*room);
    }
  for (const auto& room : rooms) {
    const auto asked = out_.next_token();
    a.open.insert(asked);
    out_.send_at_once({actor_kind::room, room}, member_wanted{out_.self(), asked, user});
  }
  if (a.open.empty())
    return outcome{a.user, std::move(a.next),
                   fault{fault_code::forbidden, user + " is in no room that the join rule names"}};
  if (waiting_.empty()) out_.wake_at(out_.now() + authorising_patience_ms, timer);
  waiting_.push_back(std::move(a));
  return {};
}

std::optional<std::string> join_authorisation::authoriser() const {
  const auto levels = room_.graph.levels();
  std::optional<std::string> best;
  for (auto& user : room_.local_speakers())
    if (levels.of_user(user) >= levels.of_action("invite") && (!best || levels.of_user(user) > levels.of_user(*best)))
      best = std::move(user);
  return best;
}

std::optional<join_authorisation::outcome> join_authorisation::answered(const member_told& m) {
  const auto it =
    std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& a) { return a.open.contains(m.asked); });
  if (it == waiting_.end()) return {};
  it->open.erase(m.asked);
  it->unknown_room = it->unknown_room || !m.known;
  if (!m.joined && !it->open.empty()) return {};
  auto a = std::move(*it);
  waiting_.erase(it);
  const auto ended = [&](result<std::string> by) { return outcome{a.user, std::move(a.next), std::move(by)}; };
  if (m.joined) {
    if (auto by = authoriser()) return ended(std::move(*by));
    return ended(fault{fault_code::unable_to_grant_join, "no user of this server may invite"});
  }
  if (a.unknown_room)
    return ended(
      fault{fault_code::unable_to_authorise_join, "this server is not in all rooms that the join rule names"});
  return ended(fault{fault_code::forbidden, a.user + " is in none of the rooms that the join rule names"});
}

std::optional<join_authorisation::outcome> join_authorisation::expired() {
  if (waiting_.empty()) return {};
  if (out_.now() - waiting_.front().since < authorising_patience_ms) {
    out_.wake_at(waiting_.front().since + authorising_patience_ms, timer);
    return {};
  }
  auto a = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  return outcome{a.user, std::move(a.next),
                 fault{fault_code::unable_to_authorise_join, "the rooms that the join rule names could not be asked"}};
}

} // namespace causeway::room
