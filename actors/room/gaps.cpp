// What is missing: parents of events that were pushed to us, auth events, the history before a join. One gap at a time, one
// server at a time; what cannot be had stays staged and is tried again, also with other servers.
// Source: server-server-api, "Backfilling and retrieving missing events".
#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <unordered_set>

namespace causeway::room {
namespace {

/// After this a staged event whose parents nobody has is given up, and so is history that cannot be fetched.
constexpr time_ms gap_give_up_ms = 24 * 3'600'000;
/// Auth chains asked for while one stretch of history is fetched.
constexpr std::uint32_t history_auth_questions_max = 50;
/// So long a gap waits for the history of a join.
constexpr time_ms history_first_ms = 10 * 60'000;
/// A question that got no answer is asked again before another server is asked.
constexpr std::uint32_t gap_attempts_max = 3;
constexpr time_ms gap_attempt_pause_ms = 1'000;

/// Parents (by `refs`) before children, among the given events.
template <class Refs>
std::vector<matrix::event_ptr> parents_first(std::vector<matrix::event_ptr> events, Refs refs) {
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < events.size(); ++i) index[events[i]->event_id] = i;
  std::vector<matrix::event_ptr> order;
  std::vector<char> state(events.size(), 0);
  std::vector<std::pair<std::size_t, std::size_t>> stack;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (state[i]) continue;
    stack.emplace_back(i, 0);
    state[i] = 1;
    while (!stack.empty()) {
      auto& [at, next] = stack.back();
      const auto& ids = refs(*events[at]);
      if (next == ids.size()) {
        order.push_back(events[at]);
        stack.pop_back();
        continue;
      }
      auto it = index.find(ids[next++]);
      if (it != index.end() && !state[it->second]) {
        state[it->second] = 1;
        stack.emplace_back(it->second, 0);
      }
    }
  }
  return order;
}

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

// -- history before a join --------------------------------------------------------------------------------------------

void room_machine::start_history(const std::string& server) {
  if (history_ || node_.room.backfill_on_join == 0) return;
  history_.emplace();
  history_->begun = now_;
  history_->server = server;
  std::string id;
  for (const char c : head_.history_from + " ") {
    if (c != ' ') id += c;
    else if (!id.empty()) history_->from.push_back(std::move(id)), id.clear();
  }
  ask_history();
}

void room_machine::ask_history() {
  if (!history_ || history_->asked != 0 || history_->verifying) return;
  if (history_->server.empty())
    for (auto& s : servers_in_room())
      if (s != node_.server_name) history_->server = s;
  if (history_->server.empty() || history_->from.empty()) return finish_history();
  peer_request r;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = history_->asked = next_token();
  history_->since = now_;
  r.endpoint = matrix::endpoint::backfill;
  r.parameters = {room_id_};
  for (const auto& id : history_->from) r.query.emplace_back("v", id);
  const auto left = node_.room.backfill_on_join - std::min<std::size_t>(node_.room.backfill_on_join, history_->events.size());
  r.query.emplace_back("limit", std::to_string(std::min<std::size_t>(100, std::max<std::size_t>(1, left))));
  r.timeout_ms = node_.federation.request_timeout_ms;
  r.response_bytes_max = 101 * limits::event_bytes_max;
  now_effects_.push_back(tell{{actor_kind::remote_server, history_->server}, std::move(r)});
}

void room_machine::history_failed() {
  history_->asked = 0;
  if (now_ - history_->begun > gap_give_up_ms) return finish_history();
  // Another resident has it as well. Meanwhile the room goes on: what was held comes in, the past follows.
  auto servers = servers_in_room();
  std::erase(servers, node_.server_name);
  if (!servers.empty()) history_->server = servers[history_->failures % servers.size()];
  const auto pause = std::min<time_ms>(time_ms{1000} << std::min(++history_->failures, 20u), node_.room.inbox_retry_ms);
  now_effects_.push_back(wake_me_at{now_ + pause, "history"});
  for (auto& h : std::exchange(held_, {})) receive(h);
}

void room_machine::history_answer(const peer_answer& m) {
  history_->asked = 0;
  auto body = m.status == 200 ? matrix::json::parse(m.body) : result<matrix::json::value>{m.why};
  if (!history_->auth_of.empty()) {
    const auto* chain = body ? body->find_array("auth_chain") : nullptr;
    auto unknown = chain ? form_unknown(*chain) : std::vector<matrix::event_ptr>{};
    if (unknown.empty()) return history_auth_failed();
    const auto asked = next_token();
    history_->verifying = true;
    history_->since = now_;
    now_effects_.push_back(tell{{actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, asked, unknown}});
    history_verifying_[asked] = std::move(unknown);
    return;
  }
  const auto* pdus = body ? body->find_array("pdus") : nullptr;
  if (!pdus) return history_failed();
  std::vector<matrix::event_ptr> all, fresh;
  form_unknown(*pdus, &all);
  if (all.size() > 100) all.resize(100);
  for (auto& x : all) {
    const auto* known = graph_.find(x->event_id);
    const bool have = known && known->judged != store::verdict::outlier;
    const bool fetched = std::any_of(history_->events.begin(), history_->events.end(), [&](const auto& e) { return e->event_id == x->event_id; });
    if (!have && !fetched) fresh.push_back(x);
  }
  if (fresh.empty()) return finish_history();
  const auto asked = next_token();
  history_->verifying = true;
  history_->since = now_;
  now_effects_.push_back(tell{{actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, asked, fresh}});
  history_verifying_[asked] = std::move(fresh);
}

void room_machine::history_verified(const std::vector<matrix::event_ptr>& events) {
  if (!history_) return;
  history_->verifying = false;
  if (!history_->auth_of.empty()) {
    add_outliers(events);
    const auto asked_for = std::find_if(history_->events.begin(), history_->events.end(), [&](const auto& x) { return x->event_id == history_->auth_of; });
    if (asked_for != history_->events.end() && !graph_.missing_auth_events(**asked_for).empty()) history_->unjudgeable.insert(history_->auth_of);
    history_->auth_of.clear();
    return finish_history();
  }
  history_->events.insert(history_->events.end(), events.begin(), events.end());
  if (events.empty() || history_->events.size() >= node_.room.backfill_on_join) return finish_history();
  // Go on from the ancestors nobody has told of yet.
  history_->from.clear();
  for (const auto& x : history_->events)
    for (const auto& p : x->prev_events) {
      const bool have = std::any_of(history_->events.begin(), history_->events.end(), [&](const auto& e) { return e->event_id == p; });
      if (!have && !graph_.is_placed(p) && std::find(history_->from.begin(), history_->from.end(), p) == history_->from.end() &&
          history_->from.size() < limits::prev_events_max)
        history_->from.push_back(p);
    }
  if (history_->from.empty()) return finish_history();
  ask_history();
}

bool room_machine::ask_history_auth() {
  // A membership that was replaced since, or former power levels, are part of no state that we know: who cites them cannot be
  // judged without them.
  std::unordered_set<std::string_view> own;
  for (const auto& x : history_->events) own.insert(x->event_id);
  for (const auto& x : history_->events) {
    const bool lacks = std::any_of(x->auth_events.begin(), x->auth_events.end(), [&](const auto& id) { return !graph_.find(id) && !own.contains(id); });
    if (!lacks || history_->unjudgeable.contains(x->event_id)) continue;
    if (history_->server.empty() || history_->auth_questions++ >= history_auth_questions_max) return false;
    history_->auth_of = x->event_id;
    history_->since = now_;
    peer_request r;
    r.reply_to = {actor_kind::room, room_id_};
    r.asked = history_->asked = next_token();
    r.endpoint = matrix::endpoint::event_auth;
    r.parameters = {room_id_, x->event_id};
    r.timeout_ms = node_.federation.request_timeout_ms;
    r.response_bytes_max = limits::response_bytes_max;
    now_effects_.push_back(tell{{actor_kind::remote_server, history_->server}, std::move(r)});
    return true;
  }
  return false;
}

void room_machine::history_auth_failed() {
  history_->asked = 0;
  history_->unjudgeable.insert(std::exchange(history_->auth_of, {}));
  finish_history();
}

void room_machine::finish_history() {
  if (history_lookup_ != 0) return;
  history_->auth_of.clear();
  if (ask_history_auth()) return;
  // On a second join part of it may be on disk already.
  std::vector<std::string> ids;
  for (const auto& x : history_->events) ids.push_back(x->event_id);
  if (ids.empty()) return complete_history({});
  history_lookup_ = next_token();
  now_effects_.push_back(ask_store{history_lookup_, store::load_events{room_id_, std::move(ids), false}});
}

void room_machine::complete_history(const store::events_loaded& known) {
  std::erase_if(history_->events, [&](const auto& x) {
    if (const auto* n = graph_.find(x->event_id); n && n->judged != store::verdict::outlier) return true; // a gap was quicker
    return std::any_of(known.events.begin(), known.events.end(), [&](const auto& s) { return s.event->event_id == x->event_id && s.judged != store::verdict::outlier; });
  });
  // By depth where nothing connects them: between two stretches lies what we had before, or what could not be verified.
  std::stable_sort(history_->events.begin(), history_->events.end(), [](const auto& a, const auto& b) { return a->depth < b->depth; });
  auto events = parents_first(std::move(history_->events), [](const matrix::event& e) -> const auto& { return e.prev_events; });
  history_.reset();
  // Memberships and the like that others of this stretch cite.
  std::vector<matrix::event_ptr> cited;
  std::copy_if(events.begin(), events.end(), std::back_inserter(cited), [](const auto& x) { return x->is_state(); });
  add_outliers(std::move(cited));
  // What cannot be judged is not taken: a verdict now would stand when its auth events are known one day.
  std::erase_if(events, [&](const auto& x) { return !graph_.missing_auth_events(*x).empty(); });
  // Judged by what it cites; the states around it are not known and not needed: nothing is built on it.
  std::vector<room_graph::judgement> verdicts;
  for (const auto& x : events) {
    auto v = graph_.judge_outlier(*x);
    if (v.judged == store::verdict::outlier) v.judged = store::verdict::accepted;
    // Before anything is told: what was deleted before we came is not told.
    if (v.judged == store::verdict::accepted && x->type == "m.room.redaction") hold(*x, has_power_to_redact(*x));
    verdicts.push_back(std::move(v));
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i] = as_redacted(events[i]);
    if (verdicts[i].judged == store::verdict::accepted) tell_event(events[i], true);
  }
  for (auto i = events.size(); i-- > 0;) graph_.add_history(events[i], {}, verdicts[i], writes_);
  for (const auto& x : events) settle_redaction(x); // when all rows are there
  tell_state_changes(graph_.end_history(writes_));
  head_.history_from.clear();
  head_changed_ = true;
  auto held = std::move(held_);
  held_.clear();
  for (const auto& h : held) receive(h);
  advance(); // gaps have waited for it
}

} // namespace causeway::room
