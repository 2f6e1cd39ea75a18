// Questions of other servers about this room. Membership of the asking server first, then the server ACL, so that the ACL
// does not leak; history visibility decides per event. Source: server-server-api.
#include "actors/room/history_visibility.hpp"
#include "actors/room/room_machine.hpp"
#include "actors/room/served.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/server_acl.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace causeway::room {
namespace {

using matrix::endpoint;
using matrix::json::object;

constexpr std::size_t backfill_max = 100;
constexpr std::size_t missing_events_max = 20;
/// Events of one answer about history, bytes: as much may be asked for again from the last one on.
constexpr std::size_t history_bytes_max = 2 * 1024 * 1024;

std::size_t number_or(const std::string* text, std::size_t fallback, std::size_t max) {
  std::size_t n = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), n).ec != std::errc{}) return fallback;
  return std::clamp<std::size_t>(n, 1, max);
}

/// What cannot be answered while the state lacks members.
bool needs_members(endpoint id) {
  switch (id) {
    case endpoint::make_join:
    case endpoint::send_join_v1:
    case endpoint::send_join_v2:
    case endpoint::make_knock:
    case endpoint::send_knock:
    case endpoint::state:
    case endpoint::state_ids: return true;
    default: return false;
  }
}

std::string error_body(const fault& why) {
  return matrix::json::canonical(object{{"errcode", info(why.code).errcode}, {"error", why.detail}});
}

std::vector<std::string> ids_in(const matrix::json::value* body, std::string_view key) {
  std::vector<std::string> ids;
  if (const auto* list = body ? body->find_array(key) : nullptr)
    for (const auto& v : *list)
      if (v.as_string() && ids.size() < limits::pdus_per_transaction_max) ids.push_back(*v.as_string());
  return ids;
}

} // namespace

void room_machine::reply(const federation_call& m, int status, std::string body) {
  out_.send({actor_kind::gateway, m.gateway}, federation_reply{m.gateway, m.id, status, std::move(body), 0, m.origin});
}

void room_machine::refuse(const federation_call& m, const fault& why) { reply(m, info(why.code).http_status, error_body(why)); }

bool room_machine::server_takes_part(std::string_view server) const {
  const bool named = without_members_ && without_members_->servers.contains(std::string{server});
  return named || (graph_.members().of(server).joined > 0 && matrix::is_server_name(server));
}

status room_machine::acl_allows(std::string_view server) const {
  auto acl = graph_.state_event("m.room.server_acl");
  if (matrix::server_acl_allows(acl ? &acl->content() : nullptr, server)) return ok();
  return {fault_code::server_denied, "the room's server ACL denies " + std::string{server}};
}

status room_machine::may_ask(const federation_call& m) const {
  if (!exists_) return {fault_code::not_found, "room " + room_id_};
  if (head_.phase != store::room_phase::joined && !is_served_after_leave(m.match->info->id)) return {fault_code::not_found, "this server has left the room"};
  if (!server_takes_part(m.origin)) return {fault_code::forbidden, m.origin + " is not in the room"};
  return acl_allows(m.origin);
}

bool room_machine::is_served_after_leave(endpoint id) const {
  // Whoever was in the room with us may lack what our leave rests on, and perhaps nobody else has it. Who is in the room later is not known
  // here, so that ends.
  if (id == endpoint::timestamp_to_event) return false;
  if (left_in_group_ != graph_.current().group) { // of a room we have left it changes no more
    left_in_group_ = graph_.current().group;
    left_at_ = 0;
    graph_.for_each_member(graph_.current(), [this](const matrix::event_ptr& e) {
      if (node_.is_local(*e->state_key)) left_at_ = std::max<time_ms>(left_at_, e->origin_server_ts);
      return true;
    });
  }
  return out_.now() - std::min(left_at_, out_.now()) < std::int64_t{node_.room.left_room_served_h} * 3'600'000;
}

void room_machine::serve(const federation_call& m) {
  const auto& p = m.match->parameters;
  if (without_members_ && needs_members(m.match->info->id)) return refuse(m, {fault_code::not_found, "this server does not know all members of the room yet"});
  switch (m.match->info->id) {
    case endpoint::make_join: return membership_template(m, "join");
    case endpoint::make_knock: return membership_template(m, "knock");
    case endpoint::make_leave: return membership_template(m, "leave");
    case endpoint::send_join_v1:
    case endpoint::send_join_v2: return take_membership(m, "join");
    case endpoint::send_knock: return take_membership(m, "knock");
    case endpoint::send_leave_v1:
    case endpoint::send_leave_v2: return take_membership(m, "leave");
    case endpoint::invite_v1:
    case endpoint::invite_v2: return hand_on_invite(m);
    case endpoint::query_directory: return serve_alias(m);
    case endpoint::hierarchy: return serve_hierarchy(m);
    default: break;
  }
  if (auto fine = may_ask(m); !fine) return refuse(m, fine.error());
  auto read = [&](store::query q) {
    const auto asked = out_.next_token();
    out_.ask(asked, std::move(q));
    reading_[asked] = m;
  };
  switch (m.match->info->id) {
    case endpoint::state:
    case endpoint::state_ids: {
      const auto* id = m.match->find_query("event_id");
      if (!id) return refuse(m, {fault_code::missing_param, "event_id"});
      return read(store::load_events{room_id_, {*id}, true});
    }
    case endpoint::event: return read(store::load_events{room_id_, {p.at(0)}, true});
    case endpoint::backfill: {
      store::load_ancestors q;
      q.room_id = room_id_;
      for (const auto& [key, value] : m.match->query)
        if (key == "v" && q.from.size() < limits::pdus_per_transaction_max) q.from.push_back(value);
      if (q.from.empty()) return refuse(m, {fault_code::missing_param, "v"});
      q.limit = number_or(m.match->find_query("limit"), 10, backfill_max);
      q.bytes_max = history_bytes_max;
      return read(std::move(q));
    }
    case endpoint::get_missing_events: {
      if (!m.body || !m.body->as_object()) return refuse(m, {fault_code::bad_json, "a JSON object is expected"});
      store::load_ancestors q;
      q.room_id = room_id_;
      q.from = ids_in(m.body.get(), "latest_events");
      q.stop_at = ids_in(m.body.get(), "earliest_events");
      const auto* limit = m.body->find_integer("limit");
      q.limit = limit ? static_cast<std::size_t>(std::clamp<std::int64_t>(*limit, 1, missing_events_max)) : 10;
      if (const auto* depth = m.body->find_integer("min_depth")) q.min_depth = *depth;
      q.include_from = false;
      q.bytes_max = history_bytes_max;
      return read(std::move(q));
    }
    case endpoint::event_auth: return read(store::load_events{room_id_, {p.at(1)}, false});
    case endpoint::timestamp_to_event: return serve_timestamp(m);
    default: return refuse(m, {fault_code::unrecognized, "not served by a room"});
  }
}

void room_machine::hand_on_invite(const federation_call& m) {
  // The invitation looks at it first; where we take part in the room, what cannot be is refused before.
  const auto* event = m.match->info->id == endpoint::invite_v1 ? m.body.get() : m.body->find("event");
  const auto& user = *event->find_string("state_key");
  if (exists_ && head_.phase == store::room_phase::joined) {
    if (auto fine = acl_allows(m.origin); !fine) return refuse(m, fine.error());
    if (graph_.membership(user) == "join") return refuse(m, {fault_code::forbidden, user + " is in the room already"});
  }
  out_.send_at_once({actor_kind::invitation, room_id_ + "|" + user}, m);
}

// -- history -------------------------------------------------------------------------------------------------------------

void room_machine::serve_state(const federation_call& m, const store::events_loaded& found, bool ids_only) {
  if (found.events.empty() || found.events.front().state_group_before == 0 || found.events.front().judged == store::verdict::rejected)
    return refuse(m, {fault_code::not_found, "the event or the state before it is unknown here"});
  const auto state = found.state_groups.find(found.events.front().state_group_before);
  if (state == found.state_groups.end()) return refuse(m, {fault_code::not_found, "the state is unknown here"});
  std::vector<std::string> ids;
  for (const auto& [key, id] : *state->second) ids.push_back(id);
  const auto chain = graph_.auth_chain(ids);
  if (ids_only) return reply(m, 200, "{\"auth_chain_ids\":" + write_ids(chain) + ",\"pdu_ids\":" + write_ids(ids) + "}");
  auto events_for = [&](const std::vector<std::string>& list) {
    std::vector<matrix::event_ptr> events;
    for (const auto& id : list)
      if (const auto* n = graph_.find(id)) events.push_back(n->event);
    return events;
  };
  std::string body = "{";
  write_events(body, "auth_chain", events_for(chain));
  body += ',';
  write_events(body, "pdus", events_for(ids));
  body += '}';
  reply(m, 200, std::move(body));
}

void room_machine::serve_history(const federation_call& m, const store::events_loaded& found, bool as_missing_events) {
  std::vector<matrix::event_ptr> events;
  history_viewer viewer{graph_, m.origin};
  // Neither end of the walk is part of the answer, also where one of the latest is an ancestor of another.
  const auto latest = as_missing_events ? ids_in(m.body.get(), "latest_events") : std::vector<std::string>{};
  for (const auto& s : found.events) {
    if (std::find(latest.begin(), latest.end(), s.event->event_id) != latest.end()) continue;
    if (s.judged == store::verdict::rejected || s.judged == store::verdict::outlier || s.event->room_id != room_id_) continue;
    state_ref before;
    if (auto it = found.state_groups.find(s.state_group_before); it != found.state_groups.end()) before = {it->first, it->second};
    // Never left out, at most redacted: the graph has to stay connected.
    events.push_back(viewer.may_see(s, before) ? s.event : matrix::redacted(*s.event));
  }
  std::string body;
  if (as_missing_events) {
    std::reverse(events.begin(), events.end());
    body = "{";
    write_events(body, "events", events);
    body += '}';
  } else {
    body = "{\"origin\":";
    matrix::json::write_string(body, node_.server_name);
    body += ",\"origin_server_ts\":" + std::to_string(out_.now()) + ",";
    write_events(body, "pdus", events);
    body += '}';
  }
  reply(m, 200, std::move(body));
}

void room_machine::serve_event(const federation_call& m, const store::events_loaded& found) {
  if (found.events.empty()) return refuse(m, {fault_code::not_found, "the event is unknown here"});
  const auto& s = found.events.front();
  // Of what has no place in the room only state is served: others cite it, and fetch it when they take our word for a state.
  const bool placeless = s.judged == store::verdict::outlier && !s.event->is_state();
  if (s.judged == store::verdict::rejected || placeless || s.event->room_id != room_id_) return refuse(m, {fault_code::not_found, "the event is not part of the room"});
  state_ref before;
  if (auto it = found.state_groups.find(s.state_group_before); it != found.state_groups.end()) before = {it->first, it->second};
  const auto shown = history_viewer{graph_, m.origin}.may_see(s, before) ? s.event : matrix::redacted(*s.event);
  std::string body = "{\"origin\":";
  matrix::json::write_string(body, node_.server_name);
  body += ",\"origin_server_ts\":" + std::to_string(out_.now()) + ",\"pdus\":[";
  matrix::write_served(body, *shown);
  body += "]}";
  reply(m, 200, std::move(body));
}

void room_machine::serve_event_auth(const federation_call& m, const store::events_loaded& found) {
  // From the store: of what is no state event the graph has the latest only. What it cites is a state event, which the graph has.
  if (found.events.empty() || found.events.front().judged == store::verdict::rejected)
    return refuse(m, {fault_code::not_found, "the event is unknown here"});
  const auto& x = *found.events.front().event;
  std::vector<std::string> ids = x.auth_events;
  std::set<std::string> seen(ids.begin(), ids.end());
  for (auto& id : graph_.auth_chain(ids))
    if (seen.insert(id).second) ids.push_back(std::move(id));
  std::vector<matrix::event_ptr> chain;
  for (const auto& id : ids)
    if (const auto* a = graph_.find(id)) chain.push_back(a->event);
  std::string body = "{";
  write_events(body, "auth_chain", chain);
  body += '}';
  reply(m, 200, std::move(body));
}

} // namespace causeway::room
