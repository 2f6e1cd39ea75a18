#include "actors/room/refounded_room.hpp"

#include "actors/invitation/invitation_row.hpp"
#include "actors/room/event_text.hpp"
#include "actors/room/refounding_rules.hpp"
#include "actors/room/service_user.hpp"

#include <utility>

namespace causeway::room {

void refounded_room::make(const refounding_request& m) {
  const address former{actor_kind::room, m.former.room_id};
  if (p_.room.exists) return p_.out.send(former, refounding_done{}); // told again
  if (auto made = make_events(m); !made) {
    is_making_ = false;
    p_.invitations.forget_uncommitted();
    p_.writer.give_up_create();
    return p_.out.send(former, refounding_done{made.error()});
  }
  p_.notifier.notify(chat::room_refounded{.room = p_.room.head.chat_room_id,
                                          .matrix_room_id = p_.room.id,
                                          .previous_matrix_room_id = m.former.room_id,
                                          .room_version = p_.room.head.room_version,
                                          .previous_room_version = m.former.room_version,
                                          .server = m.refused_by,
                                          .ts = p_.out.now()});
  invite(m);
  p_.writer.write_head_again();
  held_until_.set(p_.out.now() + handover_ms);
  p_.out.send(former, refounding_done{});
}

status refounded_room::make_events(const refounding_request& m) {
  const auto* from = matrix::find_room_version(m.former.room_version);
  if (!from) return fault{fault_code::unsupported_room_version, m.former.room_version};
  is_making_ = true;
  p_.writer.create_again(m.create_event, m.former);
  const bool is_made_for_others = m.create_event->content().contains(service_user_key);
  room_copy copy{*from, m.create_event->rules(), m.create_event->sender,
                 is_made_for_others ? service_user_level : creator_level};
  for (const auto& former : *m.events) {
    auto d = copy.draft_of(*former);
    if (!d) continue;
    auto e = p_.author.draft_event(*d);
    if (!e) return fault{e.error().code, former->type + " of " + former->sender + ": " + e.error().detail};
    if (auto fine = p_.author.commit(*e); !fine) return fine.error();
    copy.made(*former, (*e)->event_id);
    if (former->is_state()) continue;
    p_.out.write(store::put_former_name{p_.room.id, (*e)->event_id, m.former.room_id, former->event_id});
    p_.redacted.related().made(**e);
  }
  is_making_ = false;
  return ok();
}

void refounded_room::invite(const refounding_request& m) {
  for (const auto& x : m.invitations) {
    if (x.direction == invitation_direction::outgoing && x.state == invitation_state::sending) {
      invite(m, x);
      continue;
    }
    // It is over, or one of ours is invited: what is said of it stays true.
    auto row = x;
    row.room_id = p_.room.id;
    row.room_version = p_.room.head.room_version;
    row.event.clear();
    if (const auto stands = p_.room.graph.state_event("m.room.member", x.user_id);
        stands && stands->membership() == matrix::membership::invite)
      row.event = stands->to_json();
    const bool is_news = row.state == invitation_state::failed && std::exchange(row.retry_at_ts, 0) != 0;
    p_.out.write(row);
    if (is_news) invitation::tell_changed(p_.out, p_.room.node, row, invitation_state::sending);
  }
}

void refounded_room::invite(const refounding_request& m, const store::put_invitation& former) {
  const auto* rules = matrix::find_room_version(m.former.room_version);
  const auto invited = rules ? matrix::parse_event(former.event, *rules) : result<matrix::event_ptr>{fault{}};
  auto made = p_.invitations.invite(former.inviter, former.user_id, invited ? text_of(**invited, "reason") : "");
  if (!made || !*made) {
    auto row = former;
    row.room_id = p_.room.id;
    row.room_version = p_.room.head.room_version;
    row.event.clear();
    row.state = invitation_state::failed;
    row.reason = made || made.waits() ? "the room cannot be asked" : made.error().detail;
    row.last_fault = made || made.waits() ? std::string{} : to_string(made.error());
    row.pending_request = next_request::none;
    row.retry_at_ts = row.deadline_ts = 0;
    p_.out.write(row);
    return invitation::tell_changed(p_.out, p_.room.node, row, invitation_state::sending);
  }
  // As with a new room: in the commit that creates it nobody else can have one.
  auto row = invitation::row_of(**made, p_.room.node, p_.out.now());
  row.deadline_ts = former.deadline_ts;
  invitation::tell_changed(p_.out, p_.room.node, row, invitation_state::sending);
  p_.out.write(std::move(row));
  p_.invitations.begin(former.user_id, std::move(**made));
}

bool refounded_room::holds(const chat_command& m) {
  // What the former room hands over names that one.
  if (!held_until_.is_set() || m.room_id != p_.room.id) return false;
  held_.push_back(m);
  return true;
}

std::vector<chat_command> refounded_room::release() {
  held_until_.clear();
  std::vector<chat_command> all;
  for (auto& m : std::exchange(held_, {})) all.push_back(std::move(m));
  return all;
}

} // namespace causeway::room
