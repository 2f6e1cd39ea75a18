#include "actors/room/directory_entry.hpp"

#include "actors/room/room_summary.hpp"
#include "actors/answers.hpp"

#include "actors/directory/server_list.hpp"
#include "actors/directory/shared_rooms.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

using matrix::json::object;

constexpr std::size_t aliases_max = 100;
constexpr std::size_t direct_people_max = 2;

} // namespace

matrix::json::array directory_entry::people() const {
  matrix::json::array found;
  room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
    if (e->membership() == matrix::membership::join || e->membership() == matrix::membership::invite)
      found.emplace_back(*e->state_key);
    return found.size() <= direct_people_max; // of more the room is no dm
  });
  return found;
}

std::string directory_entry::text() const {
  if (room_.head.phase != store::room_phase::joined || !room_.head.federated) return {};
  object told;
  // Only our own users give out names of this server: anybody with power in a room could write one of ours into it.
  if (auto e = room_.graph.state_event("m.room.canonical_alias"); e && room_.node.is_local(e->sender)) {
    matrix::json::array aliases;
    auto take = [&](const matrix::json::value& v) {
      if (v.as_string() && matrix::is_room_alias(*v.as_string()) &&
          matrix::server_name_of(*v.as_string()) == room_.node.server_name && aliases.size() < aliases_max)
        aliases.emplace_back(v);
    };
    if (const auto* alias = e->content().find("alias")) take(*alias);
    if (const auto* more = e->content().find("alt_aliases"); more && more->as_array())
      for (const auto& alias : *more->as_array()) take(alias);
    if (!aliases.empty()) told.set("aliases", std::move(aliases));
  }
  auto rule = room_.graph.state_event("m.room.join_rules");
  const auto* text = rule ? rule->content().find("join_rule") : nullptr;
  const bool is_public = text && text->as_string() && *text->as_string() == "public";
  if (is_public && room_.type() == chat::room_type::channel && room_.node.is_local(room_.graph.create()->sender))
    told.set("room", summary_of(room_));
  if (room_.head.type == chat::room_type::dm) told.set("direct", people());
  // With whom the room is shared: `query.servers` counts rooms.
  matrix::json::array servers;
  for (const auto& server : room_.graph.members().servers()) {
    if (servers.size() == directory::server_list::servers_of_room_max) break;
    if (server != room_.node.server_name) servers.emplace_back(server);
  }
  if (!servers.empty()) told.set("servers", std::move(servers));
  if (room_.node.settings().federation.profiles_need_shared_room) {
    const auto& users = room_.graph.members().local_joined();
    matrix::json::array named;
    for (auto user = users.begin(); user != users.end() && named.size() < directory::shared_rooms::listed_users_max;
         ++user)
      named.emplace_back(*user);
    if (named.size() < users.size()) told.set("more_local_members", true);
    told.set("local_members", std::move(named));
  }
  return told.empty() ? std::string{} : matrix::json::canonical(told);
}

void directory_entry::observe() {
  if (!room_.exists || !room_.graph.current()) return;
  if (group_ == room_.graph.current().group && phase_ == room_.head.phase) return;
  group_ = room_.graph.current().group;
  phase_ = room_.head.phase;
  auto now = text();
  if (last_ ? now == *last_ : now.empty()) {
    // That nobody of another server can be in it: until now the directory asks.
    if (!last_ && room_.node.settings().federation.profiles_need_shared_room)
      out_.send({actor_kind::directory, ""}, room_listed{room_.id, now});
    last_ = std::move(now);
    return;
  }
  out_.write(store::put_room_listing{room_.id, now});
  out_.send({actor_kind::directory, ""}, room_listed{room_.id, now});
  last_ = std::move(now);
}

void directory_entry::serve_alias(const federation_call& m) const {
  const auto* alias = m.match->find_query("room_alias");
  const auto told = matrix::json::parse(room_.takes_part() && last_ && !last_->empty() ? *last_ : "{}");
  const auto* ours = told ? told->find_array("aliases") : nullptr;
  if (!alias || !ours || std::find(ours->begin(), ours->end(), matrix::json::value{*alias}) == ours->end())
    return refuse(out_, m, {fault_code::not_found, "no such alias"});
  matrix::json::array servers{matrix::json::value{room_.node.server_name}};
  for (auto& s : room_.servers())
    if (s != room_.node.server_name) servers.emplace_back(std::move(s));
  reply(out_, m, 200, matrix::json::canonical(object{{"room_id", room_.id}, {"servers", std::move(servers)}}));
}

} // namespace causeway::room
