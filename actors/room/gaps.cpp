// What is missing: parents of events that were pushed to us, auth events. One gap at a time, one server at a time; what cannot be
// had stays staged and is tried again, also with other servers.
// Source: server-server-api, "Backfilling and retrieving missing events".
#include "actors/room/parents_first.hpp"
#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

/// After this a staged event whose parents nobody has is given up.
constexpr time_ms gap_give_up_ms = 24 * 3'600'000;
/// So long a gap waits for the history of a join.
constexpr time_ms history_first_ms = 10 * 60'000;
/// A question that got no answer is asked again before another server is asked.
constexpr std::uint32_t gap_attempts_max = 3;
constexpr time_ms gap_attempt_pause_ms = 1'000;

const matrix::json::array* pdus_of(const matrix::json::value& body, std::string_view key) { return body.find_array(key); }

} // namespace

std::vector<matrix::event_ptr> room_machine::form_unknown(const matrix::json::array& pdus, std::vector<matrix::event_ptr>* all) {
  std::vector<matrix::event_ptr> unknown;
  for (const auto& p : pdus) {
    if (!p.as_object()) continue;
    auto x = matrix::make_event(*p.as_object(), graph_.rules(), matrix::count_policy::unbounded);
    if (!x || (*x)->room_id != room_id_) continue;
    if (all) all->push_back(*x);
    if (!graph_.find((*x)->event_id)) unknown.push_back(*x);
  }
  return unknown;
}

bool room_machine::needs_gap(const work& w) const {
  return !w.pulled && w.phase == work_phase::closing_gap; // pulled events are part of the gap of the one they were pulled for
}

void room_machine::consider_gap() {
  if (join_ || !looking_up_.empty()) return;
  // What lies behind the history of a join is history too, and comes with it in its order.
  if (history_ && !gap_ && now_ < history_->begun + history_first_ms) {
    if (std::any_of(work_.begin(), work_.end(), [&](const auto& w) { return needs_gap(w.second); }))
      now_effects_.push_back(wake_me_at{history_->begun + history_first_ms, "gap"});
    return;
  }
  if (gap_) {
    if (!std::exchange(gap_->paused, false)) return;
    const auto fetched = std::count_if(work_.begin(), work_.end(), [](const auto& w) { return w.second.pulled; });
    const auto fetched_max = std::size_t{node_.room.missing_events_rounds} * node_.room.missing_events_limit;
    if (gap_->rounds >= node_.room.missing_events_rounds || static_cast<std::size_t>(fetched) >= fetched_max) gap_->at = gap::step::state;
    return ask_gap();
  }
  time_ms wake = 0;
  std::vector<std::uint64_t> given_up;
  const std::pair<const std::uint64_t, work>* next = nullptr;
  std::uint64_t turn = 0;
  for (const auto& entry : work_) {
    const auto& [id, w] = entry;
    // Also where they only wait for each other: the ids of room versions 1 and 2 allow circles.
    if (w.in_inbox && now_ - w.since > gap_give_up_ms) {
      given_up.push_back(id);
      continue;
    }
    if (!needs_gap(w)) continue;
    if (auto it = gap_pause_.find(id); it != gap_pause_.end() && it->second > now_) {
      wake = wake == 0 ? it->second : std::min(wake, it->second);
      continue;
    }
    // Servers take turns: one that sends many events without a past must not keep the others' gaps open.
    const auto last = gap_turns_.find(w.origin);
    const auto its_turn = last == gap_turns_.end() ? 0 : last->second;
    if (next && its_turn >= turn) continue;
    next = &entry;
    turn = its_turn;
  }
  if (next) {
    gap_.emplace();
    gap_->number = ++last_gap_;
    gap_->work_id = next->first;
    gap_->server = next->second.origin;
    gap_turns_[gap_->server] = last_gap_;
  }
  for (const auto id : given_up) {
    const auto& w = work_.at(id);
    now_effects_.push_back(note{log_level::warning, "event given up: nobody has its parents", {{"room", room_id_}, {"event", w.event->event_id}, {"origin", w.origin}}});
    end_work(id, "the event's parents cannot be obtained");
  }
  if (gap_) return ask_gap();
  if (wake != 0) now_effects_.push_back(wake_me_at{wake, "gap"});
}

void room_machine::drop_pulled() {
  // What was pulled belongs to the gap that is open. Kept beyond it, each further attempt would add to it, and the next gap
  // would ask for its ends as well.
  if (gap_) return;
  std::vector<std::uint64_t> pulled;
  for (const auto& [id, w] : work_)
    if (w.pulled) pulled.push_back(id);
  for (const auto id : pulled) end_work(id, {});
  if (work_.empty()) gap_turns_.clear();
}

void room_machine::ask_gap() {
  const auto it = work_.find(gap_->work_id);
  if (it == work_.end()) {
    gap_.reset();
    return consider_gap();
  }
  const auto& target = *it->second.event;
  peer_request r;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = gap_->asked = next_token();
  r.timeout_ms = node_.federation.request_timeout_ms * 2;
  r.response_bytes_max = limits::response_bytes_max;
  gap_->since = now_;
  gap_->paused = false;

  // Which events of the chain below the target lack parents? The target itself at first, later the oldest we were given.
  const bool parents_missing = std::any_of(target.prev_events.begin(), target.prev_events.end(),
                                           [&](const auto& p) { return !graph_.is_placed(p); });
  std::vector<const work*> oldest;
  for (const auto& [id, w] : work_) {
    // Only the ends of what was pulled: naming a whole chain would have the answer repeat it.
    const auto& prev = w.event->prev_events;
    if (w.pulled && w.phase == work_phase::closing_gap &&
        std::any_of(prev.begin(), prev.end(), [&](const auto& p) { return !graph_.is_placed(p) && !work_by_event_.contains(p); }))
      oldest.push_back(&w);
  }
  if (!parents_missing && oldest.empty() && gap_->at != gap::step::state) {
    gap_->at = gap::step::auth_events;
    gap_->event_id = target.event_id;
    r.endpoint = matrix::endpoint::event_auth;
    r.parameters = {room_id_, target.event_id};
  } else if (gap_->at == gap::step::state) {
    // The deepest first: it may be an ancestor of the others, and what is placed ahead of its parents leaves them out.
    const auto deepest = std::min_element(oldest.begin(), oldest.end(), [](const auto* a, const auto* b) { return a->event->depth < b->event->depth; });
    gap_->event_id = oldest.empty() ? target.event_id : (*deepest)->event->event_id;
    r.endpoint = matrix::endpoint::state;
    r.parameters = {room_id_};
    r.query = {{"event_id", gap_->event_id}};
    r.timeout_ms = node_.federation.send_join_timeout_ms;
  } else {
    gap_->at = gap::step::missing_events;
    gap_->event_id = target.event_id;
    r.endpoint = matrix::endpoint::get_missing_events;
    r.parameters = {room_id_};
    matrix::json::array earliest, latest;
    for (const auto& e : graph_.extremities()) earliest.emplace_back(e);
    if (oldest.empty()) latest.emplace_back(target.event_id);
    for (const auto* w : oldest)
      if (latest.size() < limits::prev_events_max) latest.emplace_back(w->event->event_id);
    matrix::json::object body{{"earliest_events", std::move(earliest)}, {"latest_events", std::move(latest)},
                              {"limit", static_cast<std::int64_t>(node_.room.missing_events_limit)}, {"min_depth", 0}};
    r.body = matrix::json::canonical(body);
    r.response_bytes_max = (node_.room.missing_events_limit + 1) * limits::event_bytes_max;
  }
  now_effects_.push_back(tell{{actor_kind::remote_server, gap_->server}, std::move(r)});
}

void room_machine::gap_answer(const peer_answer& m) {
  gap_->asked = 0;
  if (m.status == 0 || m.status == 429 || m.status >= 500) {
    // It says nothing of what the server has: to take the state instead would leave out the events between.
    if (++gap_->unanswered < gap_attempts_max) {
      gap_->paused = true;
      now_effects_.push_back(wake_me_at{now_ + gap_attempt_pause_ms, "gap"});
      return;
    }
    return gap_failed(to_string(m.why), false);
  }
  if (m.status != 200) return gap_failed(to_string(m.why));
  gap_->unanswered = 0;
  auto body = matrix::json::parse(m.body);
  if (!body) return gap_failed("the answer is no JSON");
  std::vector<matrix::event_ptr> unknown;
  switch (gap_->at) {
    case gap::step::missing_events: {
      const auto* events = pdus_of(*body, "events");
      if (!events) return gap_failed("the answer has no events");
      std::vector<matrix::event_ptr> all;
      form_unknown(*events, &all);
      if (all.size() > node_.room.missing_events_limit) all.resize(node_.room.missing_events_limit);
      for (auto& x : all) {
        const auto* known = graph_.find(x->event_id);
        if ((!known || known->judged == store::verdict::outlier) && !work_by_event_.contains(x->event_id)) unknown.push_back(x);
      }
      break;
    }
    case gap::step::auth_events: {
      const auto* chain = pdus_of(*body, "auth_chain");
      if (!chain) return gap_failed("the answer has no auth_chain");
      unknown = form_unknown(*chain);
      break;
    }
    case gap::step::state: {
      const auto* state = pdus_of(*body, "pdus");
      const auto* chain = pdus_of(*body, "auth_chain");
      if (!state || !chain) return gap_failed("the answer has no state");
      std::vector<matrix::event_ptr> told;
      unknown = form_unknown(*state, &told);
      auto more = form_unknown(*chain);
      unknown.insert(unknown.end(), more.begin(), more.end());
      gap_->told.clear();
      for (const auto& x : told)
        if (x->state_key) gap_->told[{x->type, *x->state_key}] = x->event_id;
      if (unknown.empty()) return gap_imported({});
      break;
    }
  }
  if (unknown.empty()) return gap_failed("the server had nothing to add");
  const auto asked = next_token();
  now_effects_.push_back(tell{{actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, asked, unknown}});
  importing_[asked] = {gap_->number, std::move(unknown)};
}

void room_machine::add_outliers(std::vector<matrix::event_ptr> events) {
  // Version 12 lists the create event nowhere, and everything rests on it.
  std::stable_partition(events.begin(), events.end(), [](const auto& e) { return e->type == "m.room.create"; });
  for (const auto& x : parents_first(std::move(events), [](const matrix::event& e) -> const auto& { return e.auth_events; })) {
    if (graph_.find(x->event_id)) continue;
    if (!graph_.missing_auth_events(*x).empty()) continue; // nothing that rests on an unknown event is taken
    graph_.add_outlier(x, graph_.judge_outlier(*x), writes_);
    for (auto [held, end] = redactions_of_.equal_range(x->event_id); held != end; ++held) look_up(held->second, x->event_id);
  }
}

void room_machine::gap_imported(std::vector<matrix::event_ptr> events) {
  if (!gap_) return;
  const auto work_id = gap_->work_id;
  const auto at = gap_->at;
  const auto before = work_.size();
  switch (at) {
    case gap::step::missing_events: {
      const auto it = work_.find(work_id);
      enqueue_pulled(events, it != work_.end() ? gap_->server : std::string{});
      break;
    }
    case gap::step::auth_events: add_outliers(std::move(events)); break;
    case gap::step::state: {
      add_outliers(std::move(events));
      std::erase_if(gap_->told, [&](const auto& entry) {
        const auto* n = graph_.find(entry.second);
        return !n || n->judged == store::verdict::rejected;
      });
      auto it = work_by_event_.find(gap_->event_id);
      if (it != work_by_event_.end() && gap_->told.contains({"m.room.create", ""})) work_.at(it->second).told_state = gap_->told;
      break;
    }
  }
  const bool progress = at != gap::step::missing_events || work_.size() > before;
  ++gap_->rounds;
  const auto number = gap_->number;
  gap_->paused = true; // whatever asks next goes on from here
  if (!progress) {
    gap_->paused = false;
    advance();
    if (gap_ && gap_->number == number && !gap_->paused && gap_->asked == 0) gap_failed("no progress");
    return;
  }
  advance(); // may end the gap, ask the store first, or go on with it
}

void room_machine::gap_failed(const std::string& why, bool answered) {
  auto it = work_.find(gap_->work_id);
  now_effects_.push_back(note{log_level::info, "gap not closed", {{"room", room_id_}, {"server", gap_->server}, {"event", gap_->event_id}, {"why", why}}});
  const bool something_pulled = std::any_of(work_.begin(), work_.end(), [](const auto& w) { return w.second.pulled && w.second.phase == work_phase::closing_gap; });
  if (answered && gap_->at == gap::step::missing_events && something_pulled && it != work_.end()) {
    // The chain goes no further back: take the state at its oldest events from the server that has them.
    gap_->at = gap::step::state;
    return ask_gap();
  }
  // A parent that is known as history, without the state around it, cannot be pulled: only the state here can be asked for.
  if (answered && gap_->at == gap::step::missing_events && it != work_.end()) {
    const auto& prev = it->second.event->prev_events;
    const bool only_stateless = std::all_of(prev.begin(), prev.end(), [&](const auto& id) { return graph_.find(id) != nullptr; });
    if (only_stateless) {
      gap_->at = gap::step::state;
      return ask_gap();
    }
  }
  gap_->tried.push_back(gap_->server);
  if (it != work_.end()) {
    for (auto& server : servers_in_room()) {
      if (server == node_.server_name || std::find(gap_->tried.begin(), gap_->tried.end(), server) != gap_->tried.end()) continue;
      gap_->server = server;
      gap_->at = gap::step::missing_events;
      gap_->rounds = gap_->unanswered = 0;
      return ask_gap();
    }
    gap_pause_[gap_->work_id] = now_ + node_.room.inbox_retry_ms;
  }
  absent_.clear();
  gap_.reset();
  const bool pulled = std::any_of(work_.begin(), work_.end(), [](const auto& w) { return w.second.pulled; });
  if (pulled) return advance(); // drops it; what waited for it has a gap again
  consider_gap();
}

} // namespace causeway::room
