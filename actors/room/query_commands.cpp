#include "actors/room/query_commands.hpp"

#include "actors/answers.hpp"
#include "actors/invitation/invitation_row.hpp"
#include "actors/room/event_text.hpp"
#include "messages/matrix/media.hpp"

#include <utility>

namespace causeway::room {

command_outcome query_commands::run(const queued_command& c, const chat::query_room& x) {
  chat::room_view view;
  view.room = room_.head.chat_room_id;
  view.matrix_room_id = room_.id;
  view.room_version = room_.head.room_version;
  view.type = name(room_.type());
  view.room_name = room_.text("m.room.name", "name");
  view.topic = room_.text("m.room.topic", "topic");
  if (auto avatar = room_.text("m.room.avatar", "url"); matrix::split_mxc(avatar)) view.avatar = std::move(avatar);
  const auto scale = room_.roles();
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
    auto& member = view.members.emplace_back();
    member.user = *e->state_key;
    member.membership = name(e->membership());
    member.display_name = text_of(*e, "displayname");
    member.power = shown_level(scale.levels().of_user(*e->state_key));
    member.role = word_of(scale.of_user(*e->state_key));
    if (auto avatar = text_of(*e, "avatar_url"); matrix::split_mxc(avatar)) member.avatar = std::move(avatar);
  }
  // The states of invitations are the invitation actors': the store has their word.
  pending_.ask_store(store::find_invitations{room_.id, {}}, question::room_view{c.command.reference, std::move(view)});
  return ends_later{};
}

void query_commands::answered(question::room_view q, const store_answered& m) {
  auto& view = q.view;
  const auto* found = std::get_if<store::invitations_found>(m.answer.get());
  if (!found)
    return command_failed(out_, q.reference, chat::query_room::name,
                          {fault_code::store_failed, "the invitations cannot be read"});
  for (const auto& i : found->invitations) view.invitations.push_back(invitation::view_of(i, room_.head.chat_room_id));
  view.more_invitations = found->next.has_value();
  command_succeeded(out_, q.reference, chat::query_room::name, view, false);
}

void query_commands::answered(const question::room_view& q, const timed_out&) {
  command_failed(out_, q.reference, chat::query_room::name, {fault_code::timed_out, "the store did not answer"});
}

} // namespace causeway::room
