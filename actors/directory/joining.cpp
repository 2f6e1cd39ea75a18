// Joining and knocking: which room an alias means, and which servers can let in. Source: server-server-api, "Querying
// for information".
#include "actors/directory/directory_machine.hpp"

#include "actors/handshake.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::directory {
namespace {

/// Servers one join or knock tries; each may take as long as a join takes.
constexpr std::size_t via_max = 10;
/// The remote_server actor answers always, unless it failed meanwhile.
constexpr time_ms alias_slack_ms = 10'000;

} // namespace

void directory_machine::route(const command_received& m, chat::room_join x) { find_and_enter(m, std::move(x)); }
void directory_machine::route(const command_received& m, chat::room_knock x) { find_and_enter(m, std::move(x)); }

template <class Wanted>
void directory_machine::find_and_enter(const command_received& m, Wanted x) {
  for (const auto& server : x.via)
    if (!matrix::is_server_name(server))
      return fail(m, {fault_code::invalid_identifier, "via: " + server + " is no server name"});
  if (x.room.front() != '#') {
    auto room = room_of(x.room);
    if (!room) return fail(m, room.error());
    if (!let_act(m, x.user, "user")) return;
    return enter(m, std::move(x), *room, {});
  }
  if (!matrix::is_room_alias(x.room))
    return fail(m, {fault_code::invalid_identifier, "room: " + x.room + " is no alias"});
  const std::string server{matrix::server_name_of(x.room)};
  if (server == node_.server_name) {
    auto it = aliases_.find(x.room);
    if (it == aliases_.end()) return fail(m, {fault_code::not_found, "alias " + x.room});
    if (!let_act(m, x.user, "user")) return;
    return enter(m, std::move(x), it->second, {});
  }
  if (!let_act(m, x.user, "user")) return;
  peer_request r;
  r.reply_to = {actor_kind::directory, ""};
  r.asked = out_.next_token();
  r.endpoint = matrix::endpoint::query_directory;
  r.query = {{"room_alias", x.room}};
  r.timeout_ms = node_.settings().federation.request_timeout_ms;
  if (asking_aliases_.empty()) out_.wake_at(out_.now() + r.timeout_ms + alias_slack_ms, timer_kind::alias);
  const auto alias = x.room;
  asking_aliases_.emplace(r.asked, alias_question{m, std::move(x), alias, out_.now()});
  out_.send_at_once({actor_kind::remote_server, server}, std::move(r));
}

void directory_machine::alias_answered(const peer_answer& m) {
  auto it = asking_aliases_.find(m.asked);
  if (it == asking_aliases_.end()) return;
  auto q = std::move(it->second);
  asking_aliases_.erase(it);
  if (m.status != 200) {
    if (m.status == 404 && is_refusal(m))
      return fail(q.command, {fault_code::not_found, "alias " + q.alias + ": " + m.why.detail});
    if (m.status == 403 && is_refusal(m))
      return fail(q.command, {fault_code::forbidden, "alias " + q.alias + ": " + m.why.detail});
    return fail(q.command, m.why);
  }
  const auto body = matrix::json::parse(m.body);
  const auto* room = body ? body->find_string("room_id") : nullptr;
  if (!room || !matrix::is_room_id(*room))
    return fail(q.command,
                {fault_code::peer_bad_answer, m.server_name + " does not say which room " + q.alias + " is"});
  std::vector<std::string> servers;
  if (const auto* list = body->find_array("servers"))
    for (const auto& s : *list)
      if (s.as_string() && matrix::is_server_name(*s.as_string()) && servers.size() < via_max)
        servers.push_back(*s.as_string());
  const auto room_id = *room;
  std::visit([&](auto& x) { enter(q.command, std::move(x), room_id, servers); }, q.wanted);
}

void directory_machine::aliases_overdue() {
  const auto patience = std::int64_t{node_.settings().federation.request_timeout_ms} + alias_slack_ms;
  while (!asking_aliases_.empty() && out_.now() - asking_aliases_.begin()->second.since >= patience) {
    const auto q = std::move(asking_aliases_.begin()->second);
    asking_aliases_.erase(asking_aliases_.begin());
    fail(q.command, {fault_code::peer_timeout, "alias " + q.alias});
  }
  if (!asking_aliases_.empty()) out_.wake_at(asking_aliases_.begin()->second.since + patience, timer_kind::alias);
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
