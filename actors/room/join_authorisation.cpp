#include "actors/answers.hpp"
#include "actors/room/join_authorisation.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
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
  return membership != matrix::membership::invite && membership != matrix::membership::join &&
         membership != matrix::membership::ban && restricting_rules();
}

std::optional<join_authorisation::outcome> join_authorisation::begin(const std::string& user, authorised_step next) {
  waiting_join a{user, std::move(next)};
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
  const auto number = ++last_join_;
  for (const auto& room : rooms) {
    const auto asked = pending_.expect(question::membership_elsewhere{number}, pending_questions::room_patience_ms);
    ++a.open;
    out_.send_at_once({actor_kind::room, room}, member_request{out_.self(), asked, user});
  }
  if (a.open == 0)
    return outcome{a.user, std::move(a.next),
                   fault{fault_code::forbidden, user + " is in no room that the join rule names"}};
  waiting_.emplace(number, std::move(a));
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

std::optional<join_authorisation::outcome> join_authorisation::answered(question::membership_elsewhere q,
                                                                        const timed_out&) {
  // A room that has failed meanwhile counts as one that we are not in.
  if (const auto it = waiting_.find(q.join); it != waiting_.end()) it->second.silent_room = true;
  return answered(q, member_response{});
}

std::optional<join_authorisation::outcome> join_authorisation::answered(question::membership_elsewhere q,
                                                                        const member_response& m) {
  const auto it = waiting_.find(q.join);
  if (it == waiting_.end()) return {};
  --it->second.open;
  it->second.unknown_room = it->second.unknown_room || !m.known;
  if (!m.joined && it->second.open != 0) return {};
  auto a = std::move(it->second);
  waiting_.erase(it);
  const auto ended = [&](result<std::string> by) { return outcome{a.user, std::move(a.next), std::move(by)}; };
  if (m.joined) {
    if (auto by = authoriser()) return ended(std::move(*by));
    return ended(fault{fault_code::unable_to_grant_join, "no user of this server may invite"});
  }
  if (a.silent_room)
    return ended(fault{fault_code::unable_to_authorise_join, "the rooms that the join rule names could not be asked"});
  if (a.unknown_room)
    return ended(
      fault{fault_code::unable_to_authorise_join, "this server is not in all rooms that the join rule names"});
  return ended(fault{fault_code::forbidden, a.user + " is in none of the rooms that the join rule names"});
}

} // namespace causeway::room
