// What others find the room by: its entry in the public directory and the aliases of this server. Written with the change that
// made it, so that the directory knows it while the room sleeps. Source: server-server-api, "Public Room Directory";
// client-server-api, "m.room.canonical_alias".
#include "actors/room/room_machine.hpp"

#include "actors/directory/shared_rooms.hpp"
#include "actors/excerpt.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

using matrix::json::object;

constexpr std::size_t name_bytes_max = 1'000;
constexpr std::size_t topic_bytes_max = 4'000;
constexpr std::size_t aliases_max = 100;

} // namespace

object room_machine::summary() const {
  auto text = [&](std::string_view type, std::string_view key) -> const std::string* {
    auto e = graph_.state_event(type);
    const auto* v = e ? e->content().find(key) : nullptr;
    return v ? v->as_string() : nullptr;
  };
  auto is = [](const std::string* x, std::string_view wanted) { return x && *x == wanted; };
  object o{{"room_id", room_id_}, {"room_version", head_.room_version}};
  auto take = [&](const char* into, const std::string* from, std::size_t bytes_max) {
    if (from && !from->empty()) o.set(into, excerpt(*from, bytes_max));
  };
  take("name", text("m.room.name", "name"), name_bytes_max);
  take("topic", text("m.room.topic", "topic"), topic_bytes_max);
  take("canonical_alias", text("m.room.canonical_alias", "alias"), limits::identifier_bytes_max);
  take("avatar_url", text("m.room.avatar", "url"), name_bytes_max);
  take("encryption", text("m.room.encryption", "algorithm"), limits::identifier_bytes_max);
  if (const auto* type = graph_.create()->content().find("type"); type && type->as_string())
    o.set("room_type", excerpt(*type->as_string(), limits::identifier_bytes_max));
  const auto* rule = text("m.room.join_rules", "join_rule");
  o.set("join_rule", rule ? *rule : std::string{"invite"});
  o.set("guest_can_join", is(text("m.room.guest_access", "guest_access"), "can_join"));
  o.set("world_readable", is(text("m.room.history_visibility", "history_visibility"), "world_readable"));
  o.set("num_joined_members", static_cast<std::int64_t>(graph_.members().all().joined));
  if (is(rule, "restricted") || is(rule, "knock_restricted")) {
    matrix::json::array allowed;
    auto e = graph_.state_event("m.room.join_rules");
    if (const auto* allow = e->content().find("allow"); allow && allow->as_array())
      for (const auto& condition : *allow->as_array()) {
        const auto* type = condition.find_string("type");
        const auto* room = condition.find_string("room_id");
        if (type && *type == "m.room_membership" && room) allowed.emplace_back(*room);
      }
    o.set("allowed_room_ids", std::move(allowed));
  }
  return o;
}

std::string room_machine::listing() const {
  if (head_.phase != store::room_phase::joined || !head_.federated) return {};
  object told;
  // Only our own users give out names of this server: anybody with power in a room could write one of ours into it.
  if (auto e = graph_.state_event("m.room.canonical_alias"); e && node_.is_local(e->sender)) {
    matrix::json::array aliases;
    auto take = [&](const matrix::json::value& v) {
      if (v.as_string() && matrix::is_room_alias(*v.as_string()) && matrix::server_name_of(*v.as_string()) == node_.server_name &&
          aliases.size() < aliases_max)
        aliases.emplace_back(v);
    };
    if (const auto* alias = e->content().find("alias")) take(*alias);
    if (const auto* more = e->content().find("alt_aliases"); more && more->as_array())
      for (const auto& alias : *more->as_array()) take(alias);
    if (!aliases.empty()) told.set("aliases", std::move(aliases));
  }
  auto rule = graph_.state_event("m.room.join_rules");
  const auto* text = rule ? rule->content().find("join_rule") : nullptr;
  const bool is_public = text && text->as_string() && *text->as_string() == "public";
  if (is_public && room_type() == "channel" && node_.is_local(graph_.create()->sender)) told.set("room", summary());
  if (node_.federation.profiles_need_shared_room) {
    const auto& users = graph_.members().local_joined();
    matrix::json::array named;
    for (auto user = users.begin(); user != users.end() && named.size() < directory::shared_rooms::listed_users_max; ++user) named.emplace_back(*user);
    if (named.size() < users.size()) told.set("more_local_members", true);
    told.set("local_members", std::move(named));
  }
  return told.empty() ? std::string{} : matrix::json::canonical(told);
}

void room_machine::tell_listing() {
  if (!exists_ || quiet_ || !graph_.current()) return;
  if (listed_group_ == graph_.current().group && listed_phase_ == head_.phase) return;
  listed_group_ = graph_.current().group;
  listed_phase_ = head_.phase;
  auto now = listing();
  if (last_listing_ ? now == *last_listing_ : now.empty()) {
    // That nobody of another server can be in it: until now the directory asks.
    if (!last_listing_ && node_.federation.profiles_need_shared_room) out_.send({actor_kind::directory, ""}, room_listed{room_id_, now});
    last_listing_ = std::move(now);
    return;
  }
  out_.write(store::put_room_listing{room_id_, now});
  out_.send({actor_kind::directory, ""}, room_listed{room_id_, now});
  last_listing_ = std::move(now);
}

void room_machine::serve_alias(const federation_call& m) {
  const auto* alias = m.match->find_query("room_alias");
  const auto told = matrix::json::parse(exists_ && head_.phase == store::room_phase::joined && last_listing_ && !last_listing_->empty() ? *last_listing_ : "{}");
  const auto* ours = told ? told->find_array("aliases") : nullptr;
  if (!alias || !ours || std::find(ours->begin(), ours->end(), matrix::json::value{*alias}) == ours->end())
    return refuse(m, {fault_code::not_found, "no such alias"});
  matrix::json::array servers{matrix::json::value{node_.server_name}};
  for (auto& s : servers_in_room())
    if (s != node_.server_name) servers.emplace_back(std::move(s));
  reply(m, 200, matrix::json::canonical(object{{"room_id", room_id_}, {"servers", std::move(servers)}}));
}

} // namespace causeway::room
