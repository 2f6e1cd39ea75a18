#pragma once
#include "actors/invitation/invitation_machine.hpp"
#include "messages/chat/codec.hpp"
#include "tests/actors/components/invitation_rig.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// The machine of one invitation; the room, the other server and the store are the test.
namespace causeway::test::invitation_tests {

/// The notifications of one kind a list of effects writes.
template <class T>
std::vector<T> notified(const effects& list) {
  std::vector<T> found;
  for (const auto& row : written<store::append_outbox>(list))
    if (auto n = chat::decode_notification(row.name, row.body))
      if (const auto* x = std::get_if<T>(&*n)) found.push_back(*x);
  return found;
}

/// The machine, and what it has written.
struct rig {
  context node = here();
  std::string room, user;
  std::unique_ptr<invitation::invitation_machine> machine;
  store::put_invitation row; ///< as last written
  time_ms now = noon;

  rig(std::string room_id, std::string user_id, store::put_invitation stored = {})
      : room(std::move(room_id)), user(std::move(user_id)) {
    row = std::move(stored);
    begin();
  }
  /// A new life of the actor with what is on disk.
  effects begin() {
    machine = std::make_unique<invitation::invitation_machine>(node, invitation::key_of(room, user));
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    store::invitation_loaded found;
    if (row.state != invitation_state::none) found.invitation = row;
    return on(store_says(asked, found));
  }
  effects on(const message& m) {
    auto done = machine->on(m, now);
    for (auto& w : written<store::put_invitation>(done)) row = w;
    return done;
  }
  /// What the room makes of an invite that came by PUT /invite; `outside`: we take no part in it.
  invite_placed place{0, invite_place::outside, {}};

  /// there.example invites; what is told when its signature has been checked and the room asked.
  effects invited(const matrix::event_ptr& invite) {
    const auto arrived = told<invite_arrived>(arrives(invite));
    if (arrived.empty()) return {};
    place.asked = arrived[0].second.asked;
    return on(place);
  }
  effects arrives(const matrix::event_ptr& invite) {
    federation_call call;
    call.origin = "there.example";
    call.match = std::make_shared<const matrix::endpoint_match>(
      *matrix::match_endpoint("PUT", "/_matrix/federation/v2/invite/" + matrix::percent_encode(room) + "/" +
                                       matrix::percent_encode(invite->event_id)));
    call.body = std::make_shared<const matrix::json::value>(
      *matrix::json::parse("{\"event\":" + invite->to_json() + ",\"invite_room_state\":[],\"room_version\":\"11\"}"));
    return on(verdict_on(told<verify_events>(on(call)).at(0).second));
  }
  effects command(chat::command x, std::string id = "c1") {
    chat_command c;
    c.reference.command_id = std::move(id);
    c.body = std::make_shared<const chat::command>(std::move(x));
    c.room_id = room;
    return on(c);
  }
};

/// The row of an invitation of ours to a user of another server.
inline store::put_invitation ours_to(const std::string& user, const matrix::event_ptr& invite, invitation_state state) {
  store::put_invitation row;
  row.room_id = our_room;
  row.user_id = user;
  row.room_version = "11";
  row.inviter = invite->sender;
  row.direction = invitation_direction::outgoing;
  row.state = state;
  row.event = invite->to_json();
  if (state == invitation_state::sending) row.pending_request = next_request::invite;
  return row;
}

} // namespace causeway::test::invitation_tests
