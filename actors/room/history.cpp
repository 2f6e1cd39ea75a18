// The history before a join: fetched backwards, from one server after the other, judged by all it cites.
// Source: server-server-api, "Backfilling and retrieving missing events".
#include "actors/room/citations.hpp"
#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/json_lists.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_set>

namespace causeway::room {
namespace {

/// After this history that cannot be fetched is given up.
constexpr time_ms give_up_ms = 24 * 3'600'000;
/// Auth chains asked for while one stretch of history is fetched.
constexpr std::uint32_t history_auth_questions_max = 50;
/// From the first events on: what has not come then is left out, with the auth chains still missing.
constexpr time_ms history_ms_max = 60'000;
/// Another resident's turn comes after that, ms, doubling with each failure up to `federation.request_timeout_ms`.
constexpr std::uint32_t history_timeout_ms_min = 10'000;

} // namespace

void room_machine::start_history(const std::string& server) {
  if (history_ || node_.room.backfill_on_join == 0) return;
  history_.emplace();
  history_->begun = out_.now();
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
  r.asked = history_->asked = out_.next_token();
  history_->since = out_.now();
  r.endpoint = matrix::endpoint::backfill;
  r.parameters = {room_id_};
  for (const auto& id : history_->from) r.query.emplace_back("v", id);
  const auto left = node_.room.backfill_on_join - std::min<std::size_t>(node_.room.backfill_on_join, history_->events.size());
  r.query.emplace_back("limit", std::to_string(std::min<std::size_t>(100, std::max<std::size_t>(1, left))));
  r.timeout_ms = history_timeout_ms();
  r.response_bytes_max = 101 * limits::event_bytes_max;
  out_.send_at_once({actor_kind::remote_server, history_->server}, std::move(r));
}

std::uint32_t room_machine::history_timeout_ms() const {
  const auto patience = std::min<std::uint64_t>(node_.federation.request_timeout_ms, std::uint64_t{history_timeout_ms_min} << std::min(history_->failures, 20u));
  if (history_->deadline == 0) return static_cast<std::uint32_t>(patience);
  return static_cast<std::uint32_t>(std::min<time_ms>(static_cast<time_ms>(patience), std::max<time_ms>(1'000, history_->deadline - out_.now())));
}

void room_machine::history_failed() {
  history_->asked = 0;
  if (out_.now() - history_->begun > give_up_ms) return finish_history();
  if (history_->deadline != 0 && out_.now() >= history_->deadline) return finish_history();
  // Another resident has it as well. Meanwhile the room goes on, the past follows.
  auto servers = servers_in_room();
  std::erase(servers, node_.server_name);
  if (!servers.empty()) history_->server = servers[history_->failures % servers.size()];
  const auto pause = std::min<time_ms>(time_ms{1000} << std::min(++history_->failures, 20u), node_.room.inbox_retry_ms);
  out_.wake_at(out_.now() + pause, "history");
}

void room_machine::history_answer(const peer_answer& m) {
  history_->asked = 0;
  auto body = m.status == 200 ? matrix::json::parse_readable(m.body, {"pdus", "auth_chain"}) : result<matrix::json::value>{m.why};
  if (!history_->auth_of.empty()) {
    const auto* chain = body ? body->find_array("auth_chain") : nullptr;
    auto unknown = chain ? formed_unknown(*chain) : std::vector<matrix::event_ptr>{};
    if (unknown.empty()) return history_auth_failed();
    const auto asked = out_.next_token();
    history_->verifying = true;
    history_->since = out_.now();
    out_.send_at_once({actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, asked, unknown});
    history_verifying_[asked] = std::move(unknown);
    return;
  }
  const auto* pdus = body ? body->find_array("pdus") : nullptr;
  if (!pdus) return history_failed();
  auto all = formed(*pdus, matrix::count_policy::unbounded);
  std::vector<matrix::event_ptr> fresh;
  if (all.size() > 100) all.resize(100);
  for (auto& x : all) {
    const auto* known = graph_.find(x->event_id);
    const bool have = known && known->judged != store::verdict::outlier;
    const bool fetched = std::any_of(history_->events.begin(), history_->events.end(), [&](const auto& e) { return e->event_id == x->event_id; });
    if (!have && !fetched) fresh.push_back(x);
  }
  if (fresh.empty()) return finish_history();
  const auto asked = out_.next_token();
  history_->verifying = true;
  history_->since = out_.now();
  out_.send_at_once({actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, asked, fresh});
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
  if (history_->deadline == 0) history_->deadline = out_.now() + history_ms_max;
  if (events.empty() || history_->events.size() >= node_.room.backfill_on_join || out_.now() >= history_->deadline) return finish_history();
  // Go on from the ancestors nobody has told of yet, and from what was asked for and not told: beside a long branch a short one may be left out.
  const auto asked_for = std::exchange(history_->from, {});
  auto go_on_from = [&](const std::string& id) {
    const bool have = std::any_of(history_->events.begin(), history_->events.end(), [&](const auto& e) { return e->event_id == id; });
    if (!have && !graph_.is_placed(id) && std::find(history_->from.begin(), history_->from.end(), id) == history_->from.end() &&
        history_->from.size() < limits::prev_events_max)
      history_->from.push_back(id);
  };
  for (const auto& id : asked_for) go_on_from(id);
  for (const auto& x : history_->events)
    for (const auto& p : x->prev_events) go_on_from(p);
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
    if (history_->server.empty() || history_->auth_questions++ >= history_auth_questions_max ||
        (history_->deadline != 0 && out_.now() >= history_->deadline))
      return false;
    history_->auth_of = x->event_id;
    history_->since = out_.now();
    peer_request r;
    r.reply_to = {actor_kind::room, room_id_};
    r.asked = history_->asked = out_.next_token();
    r.endpoint = matrix::endpoint::event_auth;
    r.parameters = {room_id_, x->event_id};
    r.timeout_ms = history_timeout_ms();
    r.response_bytes_max = limits::response_bytes_max;
    out_.send_at_once({actor_kind::remote_server, history_->server}, std::move(r));
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
  history_lookup_ = out_.next_token();
  out_.ask(history_lookup_, store::load_events{room_id_, std::move(ids), false});
}

void room_machine::complete_history(const store::events_loaded& known) {
  std::erase_if(history_->events, [&](const auto& x) {
    if (const auto* n = graph_.find(x->event_id); n && n->judged != store::verdict::outlier) return true; // a gap was quicker
    return std::any_of(known.events.begin(), known.events.end(), [&](const auto& s) { return s.event->event_id == x->event_id && s.judged != store::verdict::outlier; });
  });
  // By depth where nothing connects them: between two stretches lies what we had before, or what could not be verified.
  std::stable_sort(history_->events.begin(), history_->events.end(), [](const auto& a, const auto& b) { return a->depth < b->depth; });
  const auto giver = history_->server;
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
  for (auto i = events.size(); i-- > 0;) graph_.add_history(events[i], {}, verdicts[i], out_.writes());
  std::vector<matrix::event_ptr> bare;
  for (const auto& x : events) {
    if (is_stripped(*x) && !redacting_now_.contains(x->event_id)) bare.push_back(x);
    settle_redaction(x); // when all rows are there
  }
  repair(bare, giver);
  tell_state_changes(graph_.end_history(out_.writes()));
  head_.history_from.clear();
  head_changed_ = true;
  advance(); // gaps have waited for it
}

} // namespace causeway::room
