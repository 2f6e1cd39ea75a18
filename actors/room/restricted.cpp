// Restricted rooms: whoever is in one of the rooms that the join rule names may join, when a server that can see so lets one of its users who
// may invite answer for him. Source: server-server-api, "Restricted rooms"; room versions 8 and 10.
#include "actors/room/room_machine.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

/// Rooms of one join rule that are asked; who is in none of these has to ask another server.
constexpr std::size_t conditions_max = 20;
/// Joins that wait for such questions.
constexpr std::size_t authorising_max = 100;
/// A room that has failed meanwhile counts as one that we are not in.
constexpr time_ms authorising_patience_ms = 10'000;

} // namespace

matrix::event_ptr room_machine::restricting_rules() const {
  auto e = graph_.state_event("m.room.join_rules");
  const auto* rule = e ? e->content().find("join_rule") : nullptr;
  const auto* text = rule ? rule->as_string() : nullptr;
  if (!text) return nullptr;
  const bool restricts = (*text == "restricted" && graph_.rules().restricted_join) || (*text == "knock_restricted" && graph_.rules().knock_restricted);
  return restricts ? e : nullptr;
}

bool room_machine::needs_authorisation(std::string_view user) const {
  const auto membership = graph_.membership(user);
  return membership != "invite" && membership != "join" && membership != "ban" && restricting_rules();
}

void room_machine::authorise(const std::string& user, authorised_step next) {
  authorisation a{user, std::move(next), out_.now(), {}, false};
  if (authorising_.size() >= authorising_max) return authorised(a, fault{fault_code::limit_exceeded, "too many joins of this room at once"});
  std::vector<std::string> rooms;
  const auto rules = restricting_rules();
  const auto* allow = rules ? rules->content().find("allow") : nullptr;
  if (allow && allow->as_array())
    for (const auto& condition : *allow->as_array()) {
      const auto* type = condition.find_string("type");
      const auto* room = condition.find_string("room_id");
      if (!type || *type != "m.room_membership" || !room || !matrix::is_room_id(*room) || *room == room_id_) continue;
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
    out_.send_at_once({actor_kind::room, room}, member_wanted{{actor_kind::room, room_id_}, asked, user});
  }
  if (a.open.empty()) return authorised(a, fault{fault_code::forbidden, user + " is in no room that the join rule names"});
  if (authorising_.empty()) out_.wake_at(out_.now() + authorising_patience_ms, "authorise");
  authorising_.push_back(std::move(a));
}

void room_machine::tell_member(const member_wanted& m) {
  const bool ours = exists_ && head_.phase == store::room_phase::joined;
  bool joined = ours && graph_.membership(m.user_id) == "join";
  if (joined && !m.with_server.empty()) joined = server_takes_part(m.with_server);
  // A room whose members are not all known yet can say yes, but not no.
  out_.send(m.reply_to, member_told{m.asked, joined || (ours && !without_members_), joined});
}

void room_machine::member_known(const member_told& m) {
  const auto it = std::find_if(authorising_.begin(), authorising_.end(), [&](const auto& a) { return a.open.contains(m.asked); });
  if (it == authorising_.end()) return;
  it->open.erase(m.asked);
  it->unknown_room = it->unknown_room || !m.known;
  if (!m.joined && !it->open.empty()) return;
  const auto a = std::move(*it);
  authorising_.erase(it);
  if (m.joined) return authorised(a, granted());
  if (a.unknown_room) return authorised(a, fault{fault_code::unable_to_authorise_join, "this server is not in all rooms that the join rule names"});
  authorised(a, fault{fault_code::forbidden, a.user + " is in none of the rooms that the join rule names"});
}

void room_machine::authorisations_overdue() {
  while (!authorising_.empty() && out_.now() - authorising_.front().since >= authorising_patience_ms) {
    const auto a = std::move(authorising_.front());
    authorising_.erase(authorising_.begin());
    authorised(a, fault{fault_code::unable_to_authorise_join, "the rooms that the join rule names could not be asked"});
  }
  if (!authorising_.empty()) out_.wake_at(authorising_.front().since + authorising_patience_ms, "authorise");
}

std::optional<std::string> room_machine::authoriser() const {
  const auto levels = graph_.levels();
  std::optional<std::string> best;
  for (auto& user : local_speakers())
    if (levels.of_user(user) >= levels.of_action("invite") && (!best || levels.of_user(user) > levels.of_user(*best))) best = std::move(user);
  return best;
}

result<std::string> room_machine::granted() const {
  if (auto user = authoriser()) return *user;
  return fault{fault_code::unable_to_grant_join, "no user of this server may invite"};
}

void room_machine::authorised(const authorisation& a, const result<std::string>& authoriser) {
  const bool ours = exists_ && head_.phase == store::room_phase::joined; // the room may have been left while others were asked
  if (const auto* make = std::get_if<make_join_call>(&a.next)) {
    if (!authoriser) return refuse(make->call, authoriser.error());
    if (!ours) return refuse(make->call, {fault_code::not_found, "room " + room_id_});
    return offer_membership(make->call, "join", *authoriser);
  }
  if (const auto* send = std::get_if<send_join_call>(&a.next)) {
    if (!authoriser) return refuse(send->call, authoriser.error());
    if (!ours) return refuse(send->call, {fault_code::not_found, "room " + room_id_});
    return verify_membership(send->call, matrix::add_signature(*send->join, node_.server_name, node_.key));
  }
  const auto& wanted = std::get<join_wanted>(a.next);
  if (!ours) return join_ended(wanted, {fault_code::not_member, "nobody of this server is in the room any more"});
  if (!authoriser) return authoriser.error().code == fault_code::forbidden ? join_ended(wanted, authoriser.error()) : join_through(wanted, authoriser.error());
  commit_join(wanted, *authoriser);
}

} // namespace causeway::room
