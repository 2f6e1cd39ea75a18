#include "actors/room/space_hierarchy.hpp"

#include "actors/room/room_summary.hpp"
#include "actors/answers.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <tuple>

namespace causeway::room {
namespace {

using matrix::json::object;

constexpr std::size_t children_max = 50;
constexpr std::size_t hierarchies_max = 20;

/// Only such an `order` counts: up to 50 characters of printable ASCII.
bool is_order(const std::string& text) {
  return !text.empty() && text.size() <= 50 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

} // namespace

bool space_hierarchy::shows_summary_to(std::string_view server, std::string_view parent, bool in_parent) const {
  if (!room_.head.federated) return false;
  auto rules = room_.graph.state_event("m.room.join_rules");
  const auto* rule = rules ? rules->content().find("join_rule") : nullptr;
  const std::string join_rule = rule && rule->as_string() ? *rule->as_string() : "invite";
  if (join_rule == "public" || join_rule == "knock" || join_rule == "knock_restricted") return true;
  auto visibility = room_.graph.state_event("m.room.history_visibility");
  const auto* seen = visibility ? visibility->content().find("history_visibility") : nullptr;
  if (seen && seen->as_string() && *seen->as_string() == "world_readable") return true;
  if (join_rule == "restricted" && in_parent)
    if (const auto* allow = rules->content().find("allow"); allow && allow->as_array())
      for (const auto& condition : *allow->as_array()) {
        const auto* type = condition.find_string("type");
        const auto* room = condition.find_string("room_id");
        if (type && *type == "m.room_membership" && room && *room == parent) return true;
      }
  const auto known = room_.graph.members().of(server);
  return known.joined > 0 || known.invited > 0;
}

void space_hierarchy::serve(const federation_call& m) {
  if (!room_.takes_part() || !shows_summary_to(m.origin, {}, false))
    return refuse(out_, m, {fault_code::not_found, "the room is not known here, or not open to " + m.origin});
  if (open_.size() >= hierarchies_max)
    return refuse(out_, m, {fault_code::limit_exceeded, "too many questions about this space"});
  const auto* text = m.match->find_query("suggested_only");
  const bool suggested_only = text && *text == "true";
  hierarchy h;
  h.call = m;
  const auto number = ++last_hierarchy_;
  std::vector<std::tuple<bool, std::string, std::int64_t, std::string, matrix::event_ptr>> children;
  static constexpr std::string_view child_type = "m.space.child";
  const auto& state = *room_.graph.current().state;
  for (auto it = state.lower_bound(matrix::state_key_view{child_type, {}});
       it != state.end() && it->first.first == child_type; ++it) {
    const auto& [key, id] = *it;
    if (!matrix::is_room_id(key.second)) continue;
    const auto* n = room_.graph.find(id);
    const auto* via = n ? n->event->content().find("via") : nullptr;
    if (!via || !via->as_array() || via->as_array()->empty()) continue; // how a child is taken out
    const auto* suggested = n->event->content().find("suggested");
    if (suggested_only && !(suggested && suggested->as_bool() && *suggested->as_bool())) continue;
    const auto* order = n->event->content().find("order");
    const bool ordered = order && order->as_string() && is_order(*order->as_string());
    children.emplace_back(!ordered, ordered ? *order->as_string() : std::string{}, n->event->origin_server_ts,
                          key.second, n->event);
  }
  std::sort(children.begin(), children.end());
  if (children.size() > children_max) children.resize(children_max);
  const bool takes_part = room_.has_server(m.origin);
  for (const auto& [unordered, order, ts, child, e] : children) {
    h.children_state.emplace_back(object{{"content", e->content()},
                                         {"origin_server_ts", e->origin_server_ts},
                                         {"sender", e->sender},
                                         {"state_key", child},
                                         {"type", e->type}});
    if (child == room_.id) continue;
    const auto asked = pending_.expect(question::child_summary{number, child}, pending_questions::room_patience_ms);
    h.children.push_back(child);
    ++h.open;
    out_.send_at_once({actor_kind::room, child},
                      summary_request{{actor_kind::room, room_.id}, asked, m.origin, room_.id, takes_part});
  }
  if (h.open == 0) return finish(h);
  open_.emplace(number, std::move(h));
}

void space_hierarchy::summarize(const summary_request& m) {
  summary_response answer{m.asked, room_.takes_part(), {}};
  if (answer.known && shows_summary_to(m.origin, m.parent, m.in_parent))
    answer.summary = matrix::json::canonical(summary_of(room_));
  out_.send(m.reply_to, std::move(answer));
}

void space_hierarchy::answered(question::child_summary q, const summary_response& m) {
  open_.at(q.hierarchy).told.emplace(q.child, m);
  child_ended(q.hierarchy);
}

void space_hierarchy::answered(const question::child_summary& q, const timed_out&) {
  child_ended(q.hierarchy); // a child room that has failed meanwhile is left out
}

void space_hierarchy::child_ended(std::uint64_t number) {
  const auto it = open_.find(number);
  if (--it->second.open != 0) return;
  const auto h = std::move(it->second);
  open_.erase(it);
  finish(h);
}

void space_hierarchy::finish(const hierarchy& h) {
  // The room may have been left while its children were asked.
  if (room_.head.phase != store::room_phase::joined)
    return refuse(out_, h.call, {fault_code::not_found, "the room is not known here"});
  matrix::json::array children, inaccessible;
  for (const auto& child : h.children) {
    auto it = h.told.find(child);
    if (it == h.told.end() || !it->second.known) continue; // others may know it
    if (it->second.summary.empty()) inaccessible.emplace_back(child);
    else if (auto told = matrix::json::parse(it->second.summary)) children.push_back(std::move(*told));
  }
  auto room = summary_of(room_);
  room.set("children_state", h.children_state);
  reply(out_, h.call, 200,
        matrix::json::canonical(object{{"children", std::move(children)},
                                       {"inaccessible_children", std::move(inaccessible)},
                                       {"room", std::move(room)}}));
}

} // namespace causeway::room
