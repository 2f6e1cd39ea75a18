// A space and the rooms in it, one level deep: each child room says itself what the asking server may see of it.
// Source: server-server-api, "Spaces".
#include "actors/room/room_machine.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <tuple>

namespace causeway::room {
namespace {

using matrix::json::object;

constexpr std::size_t children_max = 50;
constexpr std::size_t hierarchies_max = 20;
/// A child room that failed meanwhile is left out.
constexpr time_ms hierarchy_patience_ms = 10'000;

/// Only such an `order` counts: up to 50 characters of printable ASCII.
bool is_order(const std::string& text) {
  return !text.empty() && text.size() <= 50 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

} // namespace

bool room_machine::shows_summary_to(std::string_view server, std::string_view parent, bool in_parent) const {
  if (!head_.federated) return false;
  auto rules = graph_.state_event("m.room.join_rules");
  const auto* rule = rules ? rules->content().find("join_rule") : nullptr;
  const std::string join_rule = rule && rule->as_string() ? *rule->as_string() : "invite";
  if (join_rule == "public" || join_rule == "knock" || join_rule == "knock_restricted") return true;
  auto visibility = graph_.state_event("m.room.history_visibility");
  const auto* seen = visibility ? visibility->content().find("history_visibility") : nullptr;
  if (seen && seen->as_string() && *seen->as_string() == "world_readable") return true;
  if (join_rule == "restricted" && in_parent)
    if (const auto* allow = rules->content().find("allow"); allow && allow->as_array())
      for (const auto& condition : *allow->as_array()) {
        const auto* type = condition.find_string("type");
        const auto* room = condition.find_string("room_id");
        if (type && *type == "m.room_membership" && room && *room == parent) return true;
      }
  const auto known = graph_.members().of(server);
  return known.joined > 0 || known.invited > 0;
}

void room_machine::serve_hierarchy(const federation_call& m) {
  if (!exists_ || head_.phase != store::room_phase::joined || !shows_summary_to(m.origin, {}, false))
    return refuse(m, {fault_code::not_found, "the room is not known here, or not open to " + m.origin});
  if (hierarchies_.size() >= hierarchies_max) return refuse(m, {fault_code::limit_exceeded, "too many questions about this space"});
  const auto* text = m.match->find_query("suggested_only");
  const bool suggested_only = text && *text == "true";
  open_hierarchy h{m, out_.now(), {}, {}, {}, {}};
  std::vector<std::tuple<bool, std::string, std::int64_t, std::string, matrix::event_ptr>> children;
  static constexpr std::string_view child_type = "m.space.child";
  const auto& state = *graph_.current().state;
  for (auto it = state.lower_bound(matrix::state_key_view{child_type, {}}); it != state.end() && it->first.first == child_type; ++it) {
    const auto& [key, id] = *it;
    if (!matrix::is_room_id(key.second)) continue;
    const auto* n = graph_.find(id);
    const auto* via = n ? n->event->content().find("via") : nullptr;
    if (!via || !via->as_array() || via->as_array()->empty()) continue; // how a child is taken out
    const auto* suggested = n->event->content().find("suggested");
    if (suggested_only && !(suggested && suggested->as_bool() && *suggested->as_bool())) continue;
    const auto* order = n->event->content().find("order");
    const bool ordered = order && order->as_string() && is_order(*order->as_string());
    children.emplace_back(!ordered, ordered ? *order->as_string() : std::string{}, n->event->origin_server_ts, key.second, n->event);
  }
  std::sort(children.begin(), children.end());
  if (children.size() > children_max) children.resize(children_max);
  const bool takes_part = server_takes_part(m.origin);
  for (const auto& [unordered, order, ts, child, e] : children) {
    h.children_state.emplace_back(object{{"content", e->content()}, {"origin_server_ts", e->origin_server_ts}, {"sender", e->sender},
                                         {"state_key", child}, {"type", e->type}});
    if (child == room_id_) continue;
    const auto asked = out_.next_token();
    h.children.push_back(child);
    h.open.emplace(asked, child);
    out_.send_at_once({actor_kind::room, child}, summary_wanted{{actor_kind::room, room_id_}, asked, m.origin, room_id_, takes_part});
  }
  if (h.open.empty()) return finish_hierarchy(h);
  if (hierarchies_.empty()) out_.wake_at(out_.now() + hierarchy_patience_ms, "hierarchy");
  hierarchies_.push_back(std::move(h));
}

void room_machine::summarize(const summary_wanted& m) {
  summary_told answer{m.asked, exists_ && head_.phase == store::room_phase::joined, {}};
  if (answer.known && shows_summary_to(m.origin, m.parent, m.in_parent)) answer.summary = matrix::json::canonical(summary());
  out_.send(m.reply_to, std::move(answer));
}

void room_machine::child_summarized(const summary_told& m) {
  for (auto it = hierarchies_.begin(); it != hierarchies_.end(); ++it) {
    auto asked = it->open.find(m.asked);
    if (asked == it->open.end()) continue;
    it->told.emplace(asked->second, m);
    it->open.erase(asked);
    if (!it->open.empty()) return;
    const auto h = std::move(*it);
    hierarchies_.erase(it);
    return finish_hierarchy(h);
  }
}

void room_machine::hierarchies_overdue() {
  while (!hierarchies_.empty() && out_.now() - hierarchies_.front().since >= hierarchy_patience_ms) {
    const auto h = std::move(hierarchies_.front());
    hierarchies_.erase(hierarchies_.begin());
    finish_hierarchy(h);
  }
  if (!hierarchies_.empty()) out_.wake_at(hierarchies_.front().since + hierarchy_patience_ms, "hierarchy");
}

void room_machine::finish_hierarchy(const open_hierarchy& h) {
  // The room may have been left while its children were asked.
  if (head_.phase != store::room_phase::joined) return refuse(h.call, {fault_code::not_found, "the room is not known here"});
  matrix::json::array children, inaccessible;
  for (const auto& child : h.children) {
    auto it = h.told.find(child);
    if (it == h.told.end() || !it->second.known) continue; // others may know it
    if (it->second.summary.empty()) inaccessible.emplace_back(child);
    else if (auto told = matrix::json::parse(it->second.summary)) children.push_back(std::move(*told));
  }
  auto room = summary();
  room.set("children_state", h.children_state);
  reply(h.call, 200, matrix::json::canonical(object{{"children", std::move(children)}, {"inaccessible_children", std::move(inaccessible)}, {"room", std::move(room)}}));
}

} // namespace causeway::room
