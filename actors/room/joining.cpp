#include "actors/room/joining.hpp"

#include "messages/matrix/identifiers.hpp"

namespace causeway::room {

const std::string* restricted_join_of(const matrix::event& join) {
  const auto* via = join.rules().restricted_join ? join.content().find("join_authorised_via_users_server") : nullptr;
  return via ? via->as_string() : nullptr;
}

result<matrix::event_ptr> with_authorising_signature(const matrix::event& join, const matrix::json::object& answer) {
  const auto server = matrix::server_name_of(*restricted_join_of(join));
  const auto* returned = answer.find("event");
  const auto* signatures = returned ? returned->find("signatures") : nullptr;
  const auto* theirs = signatures ? signatures->find_object(server) : nullptr;
  if (!theirs)
    return fault{fault_code::peer_bad_answer,
                 "send_join: the join came back without the signature of " + std::string{server}};
  auto source = join.source;
  source.find("signatures")->as_object()->set(server, *theirs);
  auto x = matrix::make_event(std::move(source), join.rules());
  if (!x) return fault{fault_code::peer_bad_answer, "send_join: " + x.error().detail};
  return *x;
}

status goes_on_from(const matrix::event& create, const std::string& predecessor) {
  if (predecessor.empty()) return ok();
  const auto* named = create.content().find("predecessor");
  const auto* room = named ? named->find_string("room_id") : nullptr;
  if (room && *room == predecessor) return ok();
  return {fault_code::conflict, "it does not name " + predecessor + " as the room it goes on from"};
}

} // namespace causeway::room
