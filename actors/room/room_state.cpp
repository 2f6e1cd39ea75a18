#include "actors/room/room_state.hpp"

#include "actors/room/event_text.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/server_acl.hpp"

#include <utility>

namespace causeway::room {

room_state::room_state(const context& n, std::string room_id)
    : node(n), id(std::move(room_id)),
      graph(n.settings().room.recent_events_max, n.settings().room.state_group_full_every, n.server_name) {
  head.room_id = id;
}

void room_state::clear() {
  exists = false;
  head = {};
  head.room_id = id;
  graph =
    room_graph(node.settings().room.recent_events_max, node.settings().room.state_group_full_every, node.server_name);
}

room_traits room_state::traits(bool is_direct) const {
  room_traits found;
  found.is_direct = is_direct;
  for (const auto* type : {"m.room.create", "m.room.name", "m.room.canonical_alias", "m.room.join_rules"})
    if (const auto e = graph.state_event(type)) take_trait(found, e->type, *e->state_key, e->content());
  found.people = graph.members().all().joined + graph.members().all().invited;
  return found;
}

std::string room_state::text(std::string_view type, std::string_view key) const {
  const auto e = graph.state_event(type);
  return e ? text_of(*e, key) : std::string{};
}

std::vector<std::string> room_state::servers() const {
  auto joined = graph.servers_in(graph.current());
  if (servers_of_omitted.empty()) return joined;
  std::set<std::string> all(joined.begin(), joined.end());
  all.insert(servers_of_omitted.begin(), servers_of_omitted.end());
  return {all.begin(), all.end()};
}

bool room_state::has_server(std::string_view server) const {
  return servers_of_omitted.contains(std::string{server}) ||
         (graph.members().of(server).joined > 0 && matrix::is_server_name(server));
}

std::vector<std::string> room_state::local_speakers() const {
  const auto& joined = graph.members().local_joined();
  std::set<std::string> users;
  std::size_t named = 0;
  const auto take = [&](std::string_view user) {
    ++named;
    if (joined.contains(user)) users.emplace(user);
  };
  const auto& create = *graph.create();
  take(create.sender);
  if (const auto* creators = create.content().find("additional_creators"); creators && creators->as_array())
    for (const auto& user : *creators->as_array())
      if (user.as_string()) take(*user.as_string());
  if (const auto levels = graph.state_event("m.room.power_levels"))
    if (const auto* by_user = levels->content().find("users"); by_user && by_user->as_object())
      for (const auto& one : *by_user->as_object()) take(one.key);
  // Among one more than are named somebody is named nowhere, and they can do what all others can who are not.
  std::size_t first = 0;
  for (auto user = joined.begin(); user != joined.end() && first <= named; ++user, ++first) users.insert(*user);
  return {users.begin(), users.end()};
}

status room_state::acl_admits(std::string_view server) const {
  const auto acl = graph.state_event("m.room.server_acl");
  if (matrix::server_acl_allows(acl ? &acl->content() : nullptr, server)) return ok();
  return {fault_code::server_denied, "the room's server ACL denies " + std::string{server}};
}

} // namespace causeway::room
