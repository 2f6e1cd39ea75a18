#include "actors/room/authoring.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <set>

namespace causeway::room {

using matrix::json::object;

namespace {

/// Two signatures of other servers: server name and key id of at most 255 bytes each, 86 of base64, and what stands
/// around them.
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

result<matrix::event_ptr> authoring::draft_event(const draft& d) {
  if (auto fine = room_.node.may_sign(); !fine) return fine.error();
  const auto& rules = room_.graph.rules();
  auto prev = room_.graph.extremities();
  if (prev.size() > limits::prev_events_authored_max) prev.resize(limits::prev_events_authored_max);
  const auto before =
    prev.size() == room_.graph.extremities().size() ? room_.graph.current() : writer_.state_before(prev);
  const auto* key = d.state_key ? &*d.state_key : nullptr;

  object pdu;
  pdu.set("type", d.type);
  pdu.set("room_id", room_.id);
  pdu.set("sender", d.sender);
  if (d.state_key) pdu.set("state_key", *d.state_key);
  const auto content_bytes = matrix::json::canonical(d.content).size();
  if (content_bytes > limits::authored_content_bytes_max)
    return {fault_code::too_large, "the content has " + std::to_string(content_bytes) + " bytes as JSON, at most " +
                                     std::to_string(limits::authored_content_bytes_max) +
                                     " are taken: shorten it, or send it as a file"};
  pdu.set("content", d.content);
  if (!d.redacts.empty()) {
    if (rules.redaction_updated) pdu.find("content")->as_object()->set("redacts", d.redacts);
    else pdu.set("redacts", d.redacts);
  }
  pdu.set("origin_server_ts", d.sent_at != 0 ? d.sent_at : std::max(out_.now(), d.not_before));
  if (d.type == "m.room.member") pdu.set("origin", room_.node.server_name);
  pdu.set("depth", std::min(room_.graph.depth_of_head() + 1, limits::canonical_integer_max));
  pdu.set("prev_events", ids_as_json(prev, rules));
  pdu.set("auth_events",
          ids_as_json(matrix::select_auth_events(rules, d.type, d.sender, key, d.content, *before.state), rules));

  auto x = matrix::hash_and_sign(std::move(pdu), rules, room_.node.server_name, room_.node.key);
  if (!x) return x.error();
  // An invited server, one that lets somebody join, and a policy server add theirs: the event has to be authorized with
  // them too.
  if (content_bytes > limits::event_bytes_max / 2)
    if (const auto bytes = (*x)->to_json().size(); bytes + further_signatures_bytes > limits::event_bytes_max)
      return {fault_code::too_large,
              "the event would have " + std::to_string(bytes) + " bytes, at most " +
                std::to_string(limits::event_bytes_max - further_signatures_bytes) +
                " leave room for the signatures of other servers: shorten it, or send it as a file"};
  if (auto v = room_.graph.judge(**x, before); v.judged != store::verdict::accepted)
    return {fault_code::forbidden, v.reason};
  return *x;
}

attempt<matrix::event_ptr> authoring::author(const draft& d) {
  const auto guard = gate_.server();
  if (!guard || !matrix::needs_policy_signature(d.type, d.state_key)) return draft_event(d);
  if (is_decided() && asked_->wanted == d) {
    auto outcome = std::move(*asked_->outcome);
    asked_.reset();
    const auto is_placed = [&](const auto& id) { return room_.graph.is_placed(id); };
    // Signed by the room's policy server of now, on parents that are still at hand: else it is drafted anew.
    if (!outcome || (matrix::has_policy_signature(**outcome, *guard) &&
                     std::all_of((*outcome)->prev_events.begin(), (*outcome)->prev_events.end(), is_placed)))
      return outcome;
  }
  if (!asked_) {
    auto x = draft_event(d);
    if (!x) return x;
    if (gate_.is_us(*guard)) return gate_.denied_by_us();
    asked_.emplace(question{d, std::nullopt});
    gate_.ask(*x, *guard, policy_gate::own_event{});
  }
  return waits_for_policy_server{};
}

void authoring::decided(result<matrix::event_ptr> outcome) {
  if (asked_) asked_->outcome = std::move(outcome);
}

status authoring::commit(const matrix::event_ptr& x, const std::vector<std::string>& further_servers,
                         const std::string& own_id) {
  const auto before = writer_.state_before(x->prev_events);
  const auto verdict = room_.graph.judge(*x, before);
  out_.hop(x->event_id, hop_stage::judged);
  std::set<std::string> servers(further_servers.begin(), further_servers.end());
  for (auto& s : room_.servers()) servers.insert(std::move(s));
  auto changes = writer_.add(x, before, verdict);
  if (verdict.judged != store::verdict::accepted) {
    // The room went on while the event was with another server (an invite that waited): it stays in the graph as what
    // it is.
    out_.log(log_level::warning, "R104 local event rejected by auth rules",
             {{"room", room_.id}, {"event", x->event_id}, {"reason", verdict.reason}});
    return {fault_code::forbidden, verdict.reason};
  }
  if (x->is_state()) {
    for (auto& s : room_.servers()) servers.insert(std::move(s));
    // The one who is kicked or banned hears of it even when nobody else of their server takes part. An invite that
    // server has signed itself.
    if (x->type == "m.room.member" && x->membership() != matrix::membership::invite)
      servers.insert(std::string{matrix::server_name_of(*x->state_key)});
  }
  servers.erase(std::string{matrix::server_name_of(x->sender)});
  queue_for(x, {servers.begin(), servers.end()}, own_id);
  events_.state_changed(changes);
  return ok();
}

bool authoring::rescind_outside(const matrix::event_ptr& invite, const std::string& reason) {
  const auto& rules = room_.graph.rules();
  const std::string server{matrix::server_name_of(*invite->state_key)};
  if (!room_.node.is_local(invite->sender) || room_.node.is_local(*invite->state_key) || room_.has_server(server))
    return false;
  object content{{"membership", "leave"}};
  if (!reason.empty()) content.set("reason", reason);
  auto auth = invite->auth_events;
  auth.push_back(invite->event_id);
  object pdu{{"type", "m.room.member"},
             {"room_id", room_.id},
             {"sender", invite->sender},
             {"state_key", *invite->state_key},
             {"origin_server_ts", invite->origin_server_ts},
             {"depth", std::min(invite->depth + 1, limits::canonical_integer_max)},
             {"content", std::move(content)}};
  pdu.set("prev_events", ids_as_json({invite->event_id}, rules));
  pdu.set("auth_events", ids_as_json(auth, rules));
  // Always the same one for the same invite: telling it again adds nothing to the room or to the queue.
  if (rules.event_ids == matrix::event_id_format::given)
    pdu.set("event_id",
            invite->event_id.substr(0, invite->event_id.find(':')) + "-taken-back:" + room_.node.server_name);
  auto x = matrix::hash_and_sign(std::move(pdu), rules, room_.node.server_name, room_.node.key);
  if (!x) return false;
  if (!room_.graph.find((*x)->event_id))
    writer_.add_outlier(*x, {store::verdict::rejected, "for the invited server only"});
  queue_for(*x, {server});
  return true;
}

} // namespace causeway::room
