// Events of our own users: drafted, checked against the rules, signed, committed, queued for the room's servers.
#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <set>

namespace causeway::room {

using matrix::json::object;

namespace {

/// Two signatures of other servers: server name and key id of at most 255 bytes each, 86 of base64, and what stands around them.
constexpr std::size_t further_signatures_bytes = 2 * (limits::identifier_bytes_max * 2 + 86 + 16);

matrix::json::array ids_as_json(const std::vector<std::string>& ids, const matrix::room_version_rules& rules) {
  matrix::json::array list;
  for (const auto& id : ids) {
    if (rules.event_ids != matrix::event_id_format::given) {
      list.emplace_back(id);
      continue;
    }
    matrix::json::array pair; // versions 1 and 2 cite an event with a hash that nobody checks any more
    pair.emplace_back(id);
    pair.emplace_back(object{});
    list.emplace_back(std::move(pair));
  }
  return list;
}

} // namespace

result<matrix::event_ptr> room_machine::draft_event(const draft& d) {
  if (auto fine = node_.may_sign(); !fine) return fine.error();
  const auto& rules = graph_.rules();
  auto prev = graph_.extremities();
  if (prev.size() > limits::prev_events_authored_max) prev.resize(limits::prev_events_authored_max);
  const auto before = prev.size() == graph_.extremities().size() ? graph_.current() : graph_.state_before(prev, out_.writes());
  const auto* key = d.state_key ? &*d.state_key : nullptr;

  object pdu;
  pdu.set("type", d.type);
  pdu.set("room_id", room_id_);
  pdu.set("sender", d.sender);
  if (d.state_key) pdu.set("state_key", *d.state_key);
  const auto content_bytes = matrix::json::canonical(d.content).size();
  if (content_bytes > limits::authored_content_bytes_max)
    return {fault_code::too_large, "the content has " + std::to_string(content_bytes) + " bytes as JSON, at most " + std::to_string(limits::authored_content_bytes_max) +
                                     " are taken: shorten it, or send it as a file"};
  pdu.set("content", d.content);
  if (!d.redacts.empty()) {
    if (rules.redaction_updated) pdu.find("content")->as_object()->set("redacts", d.redacts);
    else pdu.set("redacts", d.redacts);
  }
  pdu.set("origin_server_ts", out_.now());
  if (d.type == "m.room.member") pdu.set("origin", node_.server_name);
  pdu.set("depth", std::min(graph_.depth_of_head() + 1, limits::canonical_integer_max));
  pdu.set("prev_events", ids_as_json(prev, rules));
  pdu.set("auth_events", ids_as_json(matrix::select_auth_events(rules, d.type, d.sender, key, d.content, *before.state), rules));

  auto x = matrix::hash_and_sign(std::move(pdu), rules, node_.server_name, node_.key);
  if (!x) return x.error();
  // An invited server, one that lets somebody join, and a policy server add theirs: the event has to be lawful with them too.
  if (content_bytes > limits::event_bytes_max / 2)
    if (const auto bytes = (*x)->to_json().size(); bytes + further_signatures_bytes > limits::event_bytes_max)
      return {fault_code::too_large, "the event would have " + std::to_string(bytes) + " bytes, at most " + std::to_string(limits::event_bytes_max - further_signatures_bytes) +
                                       " leave room for the signatures of other servers: shorten it, or send it as a file"};
  if (auto v = graph_.judge(**x, before); v.judged != store::verdict::accepted) return {fault_code::forbidden, v.reason};
  return *x;
}

void room_machine::queue_for(const matrix::event_ptr& x, const std::vector<std::string>& servers, const std::string& own_id) {
  for (const auto& server : servers) {
    // A member may have a name that tells no server: nobody can be told there.
    if (server == node_.server_name || !matrix::is_server_name(server)) continue;
    out_.write(store::queue_pdu{server, x->event_id});
    out_.send({actor_kind::remote_server, server}, pdu_queued{x, head_.chat_room_id, own_id});
  }
}

status room_machine::commit_local(const matrix::event_ptr& x, const std::vector<std::string>& further_servers, const std::string& own_id) {
  const auto before = graph_.state_before(x->prev_events, out_.writes());
  const auto verdict = graph_.judge(*x, before);
  std::set<std::string> servers(further_servers.begin(), further_servers.end());
  for (auto& s : servers_in_room()) servers.insert(std::move(s));
  auto changes = graph_.add(x, before, verdict, out_.writes());
  if (verdict.judged != store::verdict::accepted) {
    // The room went on while the event was with another server (an invite that waited): it stays in the graph as what it is.
    out_.log(log_level::warning, "own event no longer allowed", {{"room", room_id_}, {"event", x->event_id}, {"reason", verdict.reason}});
    return {fault_code::forbidden, verdict.reason};
  }
  if (x->is_state()) {
    for (auto& s : servers_in_room()) servers.insert(std::move(s));
    // The one who is kicked or banned hears of it even when nobody else of his server takes part. An invite his server has signed itself.
    if (x->type == "m.room.member" && x->membership() != "invite") servers.insert(std::string{matrix::server_name_of(*x->state_key)});
  }
  servers.erase(std::string{matrix::server_name_of(x->sender)});
  queue_for(x, {servers.begin(), servers.end()}, own_id);
  tell_state_changes(changes);
  return ok();
}

bool room_machine::rescind_outside(const matrix::event_ptr& invite, const std::string& reason) {
  const auto& rules = graph_.rules();
  const std::string server{matrix::server_name_of(*invite->state_key)};
  if (!node_.is_local(invite->sender) || node_.is_local(*invite->state_key) || server_takes_part(server)) return false;
  object content{{"membership", "leave"}};
  if (!reason.empty()) content.set("reason", reason);
  auto auth = invite->auth_events;
  auth.push_back(invite->event_id);
  object pdu{{"type", "m.room.member"}, {"room_id", room_id_}, {"sender", invite->sender}, {"state_key", *invite->state_key},
             {"origin_server_ts", invite->origin_server_ts}, {"depth", std::min(invite->depth + 1, limits::canonical_integer_max)}, {"content", std::move(content)}};
  pdu.set("prev_events", ids_as_json({invite->event_id}, rules));
  pdu.set("auth_events", ids_as_json(auth, rules));
  // Always the same one for the same invite: telling it again adds nothing to the room or to the queue.
  if (rules.event_ids == matrix::event_id_format::given)
    pdu.set("event_id", invite->event_id.substr(0, invite->event_id.find(':')) + "-taken-back:" + node_.server_name);
  auto x = matrix::hash_and_sign(std::move(pdu), rules, node_.server_name, node_.key);
  if (!x) return false;
  if (!graph_.find((*x)->event_id)) graph_.add_outlier(*x, {store::verdict::rejected, "for the invited server only"}, out_.writes());
  queue_for(*x, {server});
  return true;
}

std::vector<std::string> room_machine::servers_arriving() const {
  std::vector<std::string> servers;
  for (const auto& [id, w] : work_) {
    const bool verified = w.phase != work_phase::formed && w.phase != work_phase::verifying && w.phase != work_phase::waiting_for_keys;
    const auto& x = *w.event;
    if (!verified || x.type != "m.room.member" || x.state_key != x.sender || x.membership() != "join") continue;
    // Only where our own state would let him in: anybody can send us a join.
    if (graph_.missing_auth_events(x).empty() && graph_.judge(x, graph_.current()).judged == store::verdict::accepted)
      servers.emplace_back(matrix::server_name_of(x.sender));
  }
  return servers;
}

std::vector<std::string> room_machine::local_speakers() const {
  const auto& joined = graph_.members().local_joined();
  std::set<std::string> users;
  std::size_t named = 0;
  const auto take = [&](std::string_view user) {
    ++named;
    if (joined.contains(user)) users.emplace(user);
  };
  const auto& create = *graph_.create();
  take(create.sender);
  if (const auto* creators = create.content().find("additional_creators"); creators && creators->as_array())
    for (const auto& user : *creators->as_array())
      if (user.as_string()) take(*user.as_string());
  if (const auto levels = graph_.state_event("m.room.power_levels"))
    if (const auto* by_user = levels->content().find("users"); by_user && by_user->as_object())
      for (const auto& one : *by_user->as_object()) take(one.key);
  // Among one more than are named somebody is named nowhere, and he can do what all others can who are not.
  std::size_t first = 0;
  for (auto user = joined.begin(); user != joined.end() && first <= named; ++user, ++first) users.insert(*user);
  return {users.begin(), users.end()};
}

} // namespace causeway::room
