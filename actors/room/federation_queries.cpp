#include "actors/room/federation_queries.hpp"

#include "actors/answers.hpp"
#include "actors/room/history_visibility.hpp"
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

std::vector<std::string> ids_in(const matrix::json::value* body, std::string_view key) {
  std::vector<std::string> ids;
  if (const auto* list = body ? body->find_array(key) : nullptr)
    for (const auto& v : *list)
      if (v.as_string() && ids.size() < limits::pdus_per_transaction_max) ids.push_back(*v.as_string());
  return ids;
}

/// Whether a user of that server was in the room there. @param before  null: not known, so no
bool was_in(const room_state& room, std::string_view server, const state_ref& before) {
  const auto& now = room.graph.current();
  return before && now && room.graph.members_in(before, server, now, room.graph.members().of(server)).joined > 0;
}

} // namespace

status federation_queries::may_ask(const federation_call& m) const {
  if (!room_.exists) return {fault_code::not_found, "room " + room_.id};
  if (room_.head.phase != store::room_phase::joined && !is_served_after_leave(m.match->info->id))
    return {fault_code::not_found, "this server has left the room"};
  if (room_.has_server(m.origin)) return room_.acl_admits(m.origin);
  const auto since = out_.now() - std::int64_t{room_.node.settings().room.left_room_served_h} * 3'600'000;
  // It is sent the event that put its users out, and cannot place that without what led to it.
  if (m.match->info->id == endpoint::timestamp_to_event || put_out_.last_of(room_.graph, m.origin) <= since)
    return {fault_code::forbidden, m.origin + " is not in the room"};
  return room_.acl_admits(m.origin);
}

bool federation_queries::is_served_after_leave(endpoint id) const {
  // Whoever was in the room with us may lack what our leave rests on, and perhaps nobody else has it. Who is in the
  // room later is not known here, so that ends.
  if (id == endpoint::timestamp_to_event) return false;
  if (left_in_group_ != room_.graph.current().group) { // of a room we have left it changes no more
    left_in_group_ = room_.graph.current().group;
    left_at_ = 0;
    room_.graph.for_each_member(room_.graph.current(), [this](const matrix::event_ptr& e) {
      if (room_.node.is_local(*e->state_key)) left_at_ = std::max<time_ms>(left_at_, e->origin_server_ts);
      return true;
    });
  }
  return out_.now() - std::min(left_at_, out_.now()) <
         std::int64_t{room_.node.settings().room.left_room_served_h} * 3'600'000;
}

bool federation_queries::is_told_of(const std::string& server, const store::events_loaded& found) const {
  if (room_.has_server(server)) return true;
  if (found.events.empty()) return false;
  const auto& first = found.events.front();
  const auto before = found.state_groups.find(first.state_group_before);
  if (before != found.state_groups.end() && was_in(room_, server, {before->first, before->second})) return true;
  // Where whoever put its users out had not seen them come in, no state before that has them.
  return put_out_.has_joined_beside(room_.graph, server, *first.event);
}

void federation_queries::serve(const federation_call& m) {
  const auto& p = m.match->parameters;
  auto ask = [&](store::query q) { pending_.ask_store(std::move(q), question::called_events{m}); };
  switch (m.match->info->id) {
  case endpoint::state:
  case endpoint::state_ids: {
    const auto* id = m.match->find_query("event_id");
    if (!id) return refuse(out_, m, {fault_code::missing_param, "event_id"});
    return ask(store::load_events{room_.id, {*id}, true});
  }
  case endpoint::event: return ask(store::load_events{room_.id, {p.at(0)}, true});
  case endpoint::backfill: {
    store::load_ancestors q;
    q.room_id = room_.id;
    for (const auto& [key, value] : m.match->query)
      if (key == "v" && q.from.size() < limits::pdus_per_transaction_max) q.from.push_back(value);
    if (q.from.empty()) return refuse(out_, m, {fault_code::missing_param, "v"});
    q.limit = number_or(m.match->find_query("limit"), 10, backfill_max);
    q.bytes_max = history_bytes_max;
    return ask(std::move(q));
  }
  case endpoint::get_missing_events: {
    if (!m.body || !m.body->as_object()) return refuse(out_, m, {fault_code::bad_json, "a JSON object is expected"});
    store::load_ancestors q;
    q.room_id = room_.id;
    q.from = ids_in(m.body.get(), "latest_events");
    q.stop_at = ids_in(m.body.get(), "earliest_events");
    const auto* limit = m.body->find_integer("limit");
    q.limit = limit ? static_cast<std::size_t>(std::clamp<std::int64_t>(*limit, 1, missing_events_max)) : 10;
    if (const auto* depth = m.body->find_integer("min_depth")) q.min_depth = *depth;
    q.include_from = false;
    q.bytes_max = history_bytes_max;
    return ask(std::move(q));
  }
  case endpoint::event_auth: return ask(store::load_events{room_.id, {p.at(1)}, !room_.has_server(m.origin)});
  default: return refuse(out_, m, {fault_code::unrecognized, "not served by a room"});
  }
}

void federation_queries::answered(const question::called_events& q, const timed_out&) {
  refuse(out_, q.call, {fault_code::timed_out, "the store did not answer"});
}

void federation_queries::answered(const question::called_events& q, const store_answered& m) {
  const auto& call = q.call;
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  if (!found) return refuse(out_, call, {fault_code::internal, "the store did not answer"});
  const auto of = call.match->info->id;
  const bool is_history = of == endpoint::backfill || of == endpoint::get_missing_events; // event by event
  if (!is_history && !is_told_of(call.origin, *found))
    return refuse(out_, call, {fault_code::not_found, "the event is unknown here"});
  switch (of) {
  case endpoint::state: serve_state(call, *found); break;
  case endpoint::state_ids: serve_state_ids(call, *found); break;
  case endpoint::backfill: serve_backfill(call, *found); break;
  case endpoint::get_missing_events: serve_missing_events(call, *found); break;
  case endpoint::event: serve_event(call, *found); break;
  case endpoint::event_auth: serve_event_auth(call, *found); break;
  default: refuse(out_, call, {fault_code::internal, "unexpected read"});
  }
}

result<std::vector<std::string>> federation_queries::state_before(const store::events_loaded& found) {
  if (found.events.empty() || found.events.front().state_group_before == 0 ||
      found.events.front().judged == store::verdict::rejected)
    return {fault_code::not_found, "the event or the state before it is unknown here"};
  const auto state = found.state_groups.find(found.events.front().state_group_before);
  if (state == found.state_groups.end()) return {fault_code::not_found, "the state is unknown here"};
  std::vector<std::string> ids;
  for (const auto& [key, id] : *state->second) ids.push_back(id);
  return ids;
}

void federation_queries::serve_state_ids(const federation_call& m, const store::events_loaded& found) {
  const auto ids = state_before(found);
  if (!ids) return refuse(out_, m, ids.error());
  reply(out_, m, 200,
        "{\"auth_chain_ids\":" + write_ids(room_.graph.auth_chain(*ids)) + ",\"pdu_ids\":" + write_ids(*ids) + "}");
}

void federation_queries::serve_state(const federation_call& m, const store::events_loaded& found) {
  const auto ids = state_before(found);
  if (!ids) return refuse(out_, m, ids.error());
  auto events_for = [&](const std::vector<std::string>& list) {
    std::vector<matrix::event_ptr> events;
    for (const auto& id : list)
      if (const auto* n = room_.graph.find(id)) events.push_back(n->event);
    return events;
  };
  std::string body = "{";
  write_events(body, "auth_chain", events_for(room_.graph.auth_chain(*ids)));
  body += ',';
  write_events(body, "pdus", events_for(*ids));
  body += '}';
  reply(out_, m, 200, std::move(body));
}

std::vector<matrix::event_ptr> federation_queries::history_for(const std::string& server,
                                                               const store::events_loaded& found) const {
  std::vector<matrix::event_ptr> events;
  history_viewer viewer{room_.graph, server};
  const bool is_resident = room_.has_server(server);
  for (const auto& s : found.events) {
    if (s.judged == store::verdict::rejected || s.judged == store::verdict::outlier || s.event->room_id != room_.id)
      continue;
    state_ref before;
    if (auto it = found.state_groups.find(s.state_group_before); it != found.state_groups.end())
      before = {it->first, it->second};
    if (!is_resident && !was_in(room_, server, before)) continue;
    // Never left out, at most redacted: the graph has to stay connected.
    events.push_back(viewer.may_see(s, before) ? s.event : matrix::redacted(*s.event));
  }
  return events;
}

void federation_queries::serve_backfill(const federation_call& m, const store::events_loaded& found) {
  std::string body = "{\"origin\":";
  matrix::json::write_string(body, room_.node.server_name);
  body += ",\"origin_server_ts\":" + std::to_string(out_.now()) + ",";
  write_events(body, "pdus", history_for(m.origin, found));
  body += '}';
  reply(out_, m, 200, std::move(body));
}

void federation_queries::serve_missing_events(const federation_call& m, const store::events_loaded& found) {
  auto events = history_for(m.origin, found);
  // Neither end of the walk is part of the answer, also where one of the latest is an ancestor of another.
  const auto latest = ids_in(m.body.get(), "latest_events");
  std::erase_if(events,
                [&](const auto& x) { return std::find(latest.begin(), latest.end(), x->event_id) != latest.end(); });
  std::reverse(events.begin(), events.end());
  std::string body = "{";
  write_events(body, "events", events);
  body += '}';
  reply(out_, m, 200, std::move(body));
}

void federation_queries::serve_event(const federation_call& m, const store::events_loaded& found) {
  if (found.events.empty()) return refuse(out_, m, {fault_code::not_found, "the event is unknown here"});
  const auto& s = found.events.front();
  // Of what has no place in the room only state is served: others cite it, and fetch it when they take our word for a
  // state.
  const bool placeless = s.judged == store::verdict::outlier && !s.event->is_state();
  if (s.judged == store::verdict::rejected || placeless || s.event->room_id != room_.id)
    return refuse(out_, m, {fault_code::not_found, "the event is not part of the room"});
  state_ref before;
  if (auto it = found.state_groups.find(s.state_group_before); it != found.state_groups.end())
    before = {it->first, it->second};
  const auto shown = history_viewer{room_.graph, m.origin}.may_see(s, before) ? s.event : matrix::redacted(*s.event);
  std::string body = "{\"origin\":";
  matrix::json::write_string(body, room_.node.server_name);
  body += ",\"origin_server_ts\":" + std::to_string(out_.now()) + ",\"pdus\":[";
  matrix::write_served(body, *shown);
  body += "]}";
  reply(out_, m, 200, std::move(body));
}

void federation_queries::serve_event_auth(const federation_call& m, const store::events_loaded& found) {
  // From the store: of what is no state event the graph has the latest only. What it cites is a state event, which the
  // graph has.
  if (found.events.empty() || found.events.front().judged == store::verdict::rejected)
    return refuse(out_, m, {fault_code::not_found, "the event is unknown here"});
  const auto& x = *found.events.front().event;
  std::vector<std::string> ids = x.auth_events;
  std::set<std::string> seen(ids.begin(), ids.end());
  for (auto& id : room_.graph.auth_chain(ids))
    if (seen.insert(id).second) ids.push_back(std::move(id));
  std::vector<matrix::event_ptr> chain;
  for (const auto& id : ids)
    if (const auto* a = room_.graph.find(id)) chain.push_back(a->event);
  std::string body = "{";
  write_events(body, "auth_chain", chain);
  body += '}';
  reply(out_, m, 200, std::move(body));
}

} // namespace causeway::room
