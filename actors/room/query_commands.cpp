#include "actors/room/query_commands.hpp"

#include "actors/answers.hpp"
#include "actors/invitation/invitation_row.hpp"
#include "actors/invitation/shown_invitations.hpp"
#include "messages/limits.hpp"

namespace causeway::room {

command_outcome query_commands::run(const queued_command& c, const chat::query_room& x) {
  chat::room_view view;
  view.room = room_.head.chat_room_id;
  view.matrix_room_id = room_.id;
  view.room_version = room_.head.room_version;
  view.type = room_.type();
  view.room_name = room_.text("m.room.name", "name");
  view.topic = room_.text("m.room.topic", "topic");
  const auto levels = room_.graph.levels();
  const auto& state = *room_.graph.current().state;
  for (auto it = state.upper_bound({"m.room.member", x.members_after.value_or("")});
       it != state.end() && it->first.first == "m.room.member"; ++it) {
    if (view.members.size() == chat::listed_members_max) {
      view.more_members = true;
      break;
    }
    const auto* n = room_.graph.find(it->second);
    if (!n) continue;
    const auto& e = n->event;
    const auto* shown = e->content().find("displayname");
    const auto power = levels.of_user(*e->state_key);
    view.members.push_back({*e->state_key, std::string{e->membership()},
                            shown && shown->as_string() ? *shown->as_string() : std::string{},
                            power == matrix::infinite_power ? limits::canonical_integer_max : power});
  }
  const auto asked =
    out_.next_token(); // the states of invitations are the invitation actors': the store has their word
  out_.ask(asked, store::find_invitations{room_.id, {}});
  viewing_.emplace(asked, std::pair{c.command.reference, std::move(view)});
  return ends_later{};
}

bool query_commands::store_answered(token asked, const store::answer& found) {
  const auto it = viewing_.find(asked);
  if (it == viewing_.end()) return false;
  auto [ref, view] = std::move(it->second);
  viewing_.erase(it);
  if (const auto* invitations = std::get_if<store::invitations_found>(&found))
    for (const auto& i : invitations->invitations)
      view.invitations.push_back(invitation::view_of(i, room_.head.chat_room_id));
  view.more_invitations = invitation::shorten(view.invitations);
  command_succeeded(out_, ref, chat::query_room::name, view, false);
  return true;
}

} // namespace causeway::room
