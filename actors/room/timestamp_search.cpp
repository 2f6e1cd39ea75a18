#include "actors/room/timestamp_search.hpp"

#include "actors/answers.hpp"
#include "actors/room/history_visibility.hpp"

#include <algorithm>
#include <charconv>

namespace causeway::room {
namespace {

using matrix::json::object;

constexpr std::size_t events_per_round = 100;
constexpr std::uint32_t rounds_max = 20;
constexpr std::size_t searches_max = 10;

} // namespace

void timestamp_search::serve(const federation_call& m) {
  const auto* ts = m.match->find_query("ts");
  const auto* dir = m.match->find_query("dir");
  if (!ts) return refuse(out_, m, {fault_code::missing_param, "ts"});
  if (!dir) return refuse(out_, m, {fault_code::missing_param, "dir"});
  if (*dir != "f" && *dir != "b") return refuse(out_, m, {fault_code::invalid_param, "dir: f or b is expected"});
  search s{m, 0, *dir == "f", 0, nullptr, {}};
  const auto [end, problem] = std::from_chars(ts->data(), ts->data() + ts->size(), s.ts);
  if (problem != std::errc{} || end != ts->data() + ts->size())
    return refuse(out_, m, {fault_code::invalid_param, "ts: milliseconds are expected"});
  if (open() >= searches_max) return refuse(out_, m, {fault_code::limit_exceeded, "too many searches in this room"});
  ask(std::move(s), room_.graph.extremities());
}

void timestamp_search::ask(search s, std::vector<std::string> from) {
  store::load_ancestors q;
  q.room_id = room_.id;
  q.from = std::move(from);
  q.limit = events_per_round;
  pending_.ask_store(std::move(q), std::move(s));
}

void timestamp_search::answered(question::near_timestamp q, const store_answered& m) {
  if (const auto* found = std::get_if<store::events_loaded>(m.answer.get())) go_on(std::move(q), *found);
  else refuse(out_, q.call, {fault_code::internal, "the store did not answer"});
}

void timestamp_search::answered(const question::near_timestamp& q, const timed_out&) {
  refuse(out_, q.call, {fault_code::timed_out, "the store did not answer"});
}

void timestamp_search::go_on(search s, const store::events_loaded& found) {
  history_viewer viewer{room_.graph, s.call.origin};
  bool passed = false; // what is older than this batch lies on the other side of the moment
  for (const auto& e : found.events) {
    const auto& x = *e.event;
    s.seen.insert(x.event_id);
    const bool after = x.origin_server_ts >= s.ts, before = x.origin_server_ts <= s.ts;
    passed = passed || (s.forwards ? !after : before);
    if (!(s.forwards ? after : before) || e.judged != store::verdict::accepted) continue;
    if (s.best &&
        (s.forwards ? x.origin_server_ts > s.best->origin_server_ts : x.origin_server_ts < s.best->origin_server_ts))
      continue;
    state_ref around;
    if (auto it = found.state_groups.find(e.state_group_before); it != found.state_groups.end())
      around = {it->first, it->second};
    if (viewer.may_see(e, around)) s.best = e.event;
  }
  std::vector<std::string> further;
  if (!passed)
    for (const auto& e : found.events)
      for (const auto& id : e.event->prev_events)
        if (!s.seen.contains(id) && std::find(further.begin(), further.end(), id) == further.end())
          further.push_back(id);
  const bool at_the_end = further.empty();
  if (!at_the_end && ++s.rounds < rounds_max) return ask(std::move(s), std::move(further));
  // Looking forwards, what was found is the nearest only when something older was seen.
  if (!s.best || !at_the_end)
    return refuse(out_, s.call, {fault_code::not_found, "no event near that moment is known here"});
  reply(
    out_, s.call, 200,
    matrix::json::canonical(object{{"event_id", s.best->event_id}, {"origin_server_ts", s.best->origin_server_ts}}));
}

} // namespace causeway::room
