// Joining and knocking: which room an alias means, and which servers can let in. Source: server-server-api, "Querying
// for information".
#include "actors/directory/directory_machine.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::directory {
namespace {

/// Servers one join or knock tries; each may take as long as a join takes.
constexpr std::size_t via_max = 10;

} // namespace

void directory_machine::route(const command_received& m, chat::room_join x) { find_and_enter(m, std::move(x)); }
void directory_machine::route(const command_received& m, chat::room_knock x) { find_and_enter(m, std::move(x)); }

template <class Wanted>
void directory_machine::find_and_enter(const command_received& m, Wanted x) {
  for (const auto& server : x.via)
    if (!matrix::is_server_name(server))
      return fail(m, {fault_code::invalid_identifier, "via: " + server + " is no server name"});
  if (x.room.front() != '#') {
    auto room = names_.resolve(x.room);
    if (!room) return fail(m, room.error());
    if (!let_act(m, x.user, "user")) return;
    return enter(m, std::move(x), *room, {});
  }
  if (!matrix::is_room_alias(x.room))
    return fail(m, {fault_code::invalid_identifier, "room: " + x.room + " is no alias"});
  const std::string server{matrix::server_name_of(x.room)};
  if (server == node_.server_name) {
    const auto* room = aliases_.find(x.room);
    if (!room) return fail(m, {fault_code::not_found, "alias " + x.room});
    if (!let_act(m, x.user, "user")) return;
    return enter(m, std::move(x), *room, {});
  }
  if (!let_act(m, x.user, "user")) return;
  const auto alias = x.room;
  remote_aliases_.ask(m, std::move(x), alias, server);
}

void directory_machine::alias_found(remote_aliases::ended q) {
  if (!q.found) return fail(q.command, q.found.error());
  std::visit([&](auto& x) { enter(q.command, std::move(x), q.found->room_id, q.found->servers); }, q.wanted);
}

template <class Wanted>
void directory_machine::enter(const command_received& m, Wanted x, const std::string& room_id,
                              const std::vector<std::string>& first) {
  std::vector<std::string> via;
  auto add = [&](std::string_view server) {
    if (matrix::is_server_name(server) && server != node_.server_name && via.size() < via_max &&
        std::find(via.begin(), via.end(), server) == via.end())
      via.emplace_back(server);
  };
  for (const auto& server : first) add(server);
  for (const auto& server : x.via) add(server);
  add(matrix::server_name_of(room_id)); // from version 12 on a room id names no server
  x.room = room_id;
  x.via = std::move(via);
  const auto user = x.user;
  send({actor_kind::room, room_id}, m, std::move(x), room_id, {user});
}

void directory_machine::route(const command_received& m, chat::knock_retract x) {
  if (!know_room(m, x.room) || !name_local(m, x.user, "user")) return;
  send({actor_kind::room, x.room}, m, x, x.room, {x.user}); // which hands it on, in the order of commands
}

void directory_machine::route(const command_received& m, chat::knock_reject x) {
  if (!know_room(m, x.room) || !name_local(m, x.by, "by") || !name_user(m, x.user, "user")) return;
  send({actor_kind::room, x.room}, m, x, x.room, {});
}

} // namespace causeway::directory
