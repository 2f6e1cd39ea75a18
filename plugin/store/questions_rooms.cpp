#include "plugin/store/codec.hpp"
#include "plugin/store/questions.hpp"

#include <queue>
#include <unordered_set>

/// Rooms, their events and states.
namespace causeway::store::sqlite {
namespace {

/// Events one answer to load_ancestors holds at most.
constexpr std::size_t ancestors_max = 10'000;

/// An event the walk may visit next; nearest, then newest on top.
struct candidate {
  std::int64_t nearness = 0; ///< minus the number of generations, where these count
  std::int64_t depth = 0, position = 0, seq = 0;
  auto operator<=>(const candidate&) const = default;
};

} // namespace

const matrix::room_version_rules& questions::rules_of(std::int64_t room) {
  auto rows = select_version_.query(room);
  return known_version(rows.next() ? rows.text(0) : std::string_view{});
}

stored_event questions::event(std::int64_t seq, const matrix::room_version_rules& rules, std::size_t* json_bytes) {
  auto rows = select_event_.query(seq);
  if (!rows.next()) throw error{SQLITE_CORRUPT, "stored event number " + std::to_string(seq) + " is gone"};
  auto found = read_event(rows, 0, rules);
  if (json_bytes) *json_bytes = rows.text(5).size();
  add_reason(found, rows.integer(7), rules);
  return found;
}

void questions::add_reason(stored_event& to, std::int64_t redacted_by, const matrix::room_version_rules& rules) {
  if (redacted_by == 0) return;
  auto rows = select_redaction_.query(redacted_by);
  if (!rows.next()) throw error{SQLITE_CORRUPT, "stored redaction number " + std::to_string(redacted_by) + " is gone"};
  to.event = matrix::redacted(*to.event, read_event(rows, 0, rules).event);
}

/// Walks the chain of deltas down to a whole state, or one already known, and applies them on the way up.
matrix::state_ptr questions::state(std::int64_t room, std::int64_t group, state_groups& known) {
  std::vector<std::string> deltas;
  std::unordered_set<std::int64_t> visited;
  auto whole = std::make_shared<matrix::state_map>();
  for (auto id = group; id != 0;) {
    if (auto at = known.find(id); at != known.end()) {
      *whole = *at->second;
      break;
    }
    auto rows = select_group_.query(packed(room, id));
    if (!rows.next()) throw error{SQLITE_CORRUPT, "state group " + std::to_string(id) + " is missing"};
    if (!visited.insert(id).second)
      throw error{SQLITE_CORRUPT, "state group " + std::to_string(id) + " is its own base"};
    deltas.push_back(rows.string(1));
    id = rows.integer(0);
  }
  for (auto entries = deltas.rbegin(); entries != deltas.rend(); ++entries)
    if (auto applied = apply_entries(*entries, *whole); !applied) throw error{SQLITE_CORRUPT, applied.error().detail};
  return known[group] = std::move(whole);
}

void questions::add_states(std::int64_t room, const std::set<std::int64_t>& wanted, state_groups& to) {
  // Ascending: a later group is mostly a short delta on an earlier one.
  for (auto group : wanted)
    if (group != 0) state(room, group, to);
}

answer questions::on(const load_room& x) {
  room_loaded loaded;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  {
    auto rows = select_room_.query(room);
    if (!rows.next()) return loaded;
    loaded.exists = rows.integer(0) != 0;
    auto& head = loaded.room;
    head.room_id = x.room_id;
    head.room_version = rows.string(1);
    head.phase = static_cast<room_phase>(rows.integer(2));
    head.chat_room_id = rows.string(3);
    head.type = rows.string(4);
    head.federated = rows.integer(5) != 0;
    head.forward_extremities = strings(rows.text(6));
    head.state_group = rows.integer(7);
    head.last_position = rows.integer(8);
    head.first_position = rows.integer(9);
    head.last_state_group = rows.integer(10);
    head.history_from = rows.string(11);
    head.members_omitted = rows.string(12);
  }
  {
    auto rows = select_for_auth_.query(room);
    const matrix::room_version_rules* rules = nullptr;
    while (rows.next()) {
      if (!rules) rules = &rules_of(room);
      loaded.state_events.push_back(read_event(rows, 0, *rules));
      add_reason(loaded.state_events.back(), rows.integer(6), *rules);
    }
  }
  std::set<std::int64_t> groups{loaded.room.state_group};
  for (const auto& event_id : loaded.room.forward_extremities) {
    auto seq = names_.find_event(event_id, room);
    if (seq == 0) continue;
    auto& extremity = loaded.extremities.emplace_back(event(seq, rules_of(room)));
    groups.insert({extremity.state_group_before, extremity.state_group_after});
  }
  add_states(room, groups, loaded.state_groups);
  {
    auto rows = select_inbox_.query(room);
    while (rows.next())
      loaded.inbox.push_back({x.room_id, rows.string(0), rows.string(1), rows.string(2), rows.integer(3)});
  }
  loaded.invitations = all_invitations(invitations_of_room_.query(room));
  auto held = select_held_redactions_.query(room);
  while (held.next())
    loaded.held_redactions.push_back(
      {x.room_id, held.string(0), held.string(1), held.string(2), held.integer(3) != 0, held.integer(4) != 0});
  return loaded;
}

answer questions::on(const load_events& x) {
  events_loaded loaded;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  std::set<std::int64_t> groups;
  std::unordered_set<std::int64_t> seen;
  for (const auto& event_id : x.event_ids) {
    auto seq = names_.find_event(event_id, room);
    if (seq == 0 || !seen.insert(seq).second) continue;
    auto& found = loaded.events.emplace_back(event(seq, rules_of(room)));
    if (x.with_states) groups.insert({found.state_group_before, found.state_group_after});
  }
  add_states(room, groups, loaded.state_groups);
  return loaded;
}

answer questions::on(const load_ancestors& x) {
  events_loaded loaded;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  std::priority_queue<candidate> frontier;
  std::unordered_set<std::int64_t> seen, not_in_answer;
  // What is missing is asked for by the children: an old parent of a new event has to come before the newest of its cousins.
  const bool by_generation = !x.include_from;
  auto consider = [&](const std::string& event_id, std::int64_t nearness) {
    auto seq = names_.find_event(event_id, room);
    if (seq == 0 || !seen.insert(seq).second) return;
    auto rows = select_place_.query(seq);
    // An outlier has no place in the graph, so nothing is before it.
    if (!rows.next() || static_cast<verdict>(rows.integer(2)) == verdict::outlier || rows.integer(0) < x.min_depth)
      return;
    frontier.push({nearness, rows.integer(0), rows.integer(1), seq});
  };
  for (const auto& event_id : x.stop_at)
    if (auto seq = names_.find_event(event_id, room)) seen.insert(seq);
  for (const auto& event_id : x.from) {
    if (!x.include_from)
      if (auto seq = names_.find_event(event_id, room)) not_in_answer.insert(seq);
    consider(event_id, 0);
  }
  std::set<std::int64_t> groups;
  auto limit = std::min(x.limit, ancestors_max);
  std::size_t bytes = 0;
  while (!frontier.empty() && loaded.events.size() < limit) {
    const auto nearness = frontier.top().nearness - (by_generation ? 1 : 0);
    auto seq = frontier.top().seq;
    frontier.pop();
    std::size_t json_bytes = 0;
    auto visited = event(seq, rules_of(room), &json_bytes);
    for (const auto& parent : visited.event->prev_events) consider(parent, nearness);
    if (not_in_answer.contains(seq)) continue;
    bytes += json_bytes;
    if (bytes > x.bytes_max && !loaded.events.empty()) break;
    groups.insert(visited.state_group_before);
    loaded.events.push_back(std::move(visited));
  }
  add_states(room, groups, loaded.state_groups);
  return loaded;
}

answer questions::on(const find_event& x) {
  events_loaded loaded;
  auto seq = names_.find_event(x.event_id);
  if (seq == 0) return loaded;
  std::int64_t room = 0;
  if (auto rows = select_event_.query(seq); rows.next()) room = rows.integer(6);
  if (room != 0) loaded.events.push_back(event(seq, rules_of(room)));
  return loaded;
}

answer questions::on(const load_redaction& x) {
  redaction_loaded loaded;
  auto room = names_.find_room(x.room_id);
  if (room == 0) return loaded;
  if (auto seq = names_.find_event(x.redaction_event_id, room)) loaded.redaction = event(seq, rules_of(room)).event;
  if (auto seq = names_.find_event(x.target_event_id, room)) loaded.target = event(seq, rules_of(room));
  if (loaded.target)
    if (const auto named = on(find_message{x.room_id, x.target_event_id});
        const auto* found = std::get_if<message_found>(&named))
      loaded.chat_message_id = found->chat_message_id;
  return loaded;
}

answer questions::on(const list_rooms&) {
  rooms_listed listed;
  auto rows = list_rooms_.query();
  while (rows.next()) {
    auto& room = listed.rooms.emplace_back();
    room.room_id = rows.string(0);
    room.chat_room_id = rows.string(1);
    room.room_version = rows.string(2);
    room.type = rows.string(3);
    room.phase = static_cast<room_phase>(rows.integer(4));
    room.events = rows.integer(5);
    room.extremities = static_cast<std::int64_t>(strings(rows.text(6)).size());
    room.staged = rows.integer(7);
  }
  return listed;
}

} // namespace causeway::store::sqlite
