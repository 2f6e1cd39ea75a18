#include "actors/room/history_backfill.hpp"

#include "actors/room/citations.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"
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
/// So many residents without that history are enough.
constexpr std::size_t empty_handed_max = 8;
/// From the first events on: what has not come then is left out, with the auth chains still missing.
constexpr time_ms history_ms_max = 60'000;
/// Events of one request. Its answer may have their bytes, and those of one event more for its other members.
constexpr std::size_t history_events_max = 100;
/// A request gets that much at least, when little of the time for history is left.
constexpr time_ms history_timeout_left_ms_min = 1'000;
/// Another resident's turn comes after that, ms, doubling with each failure up to `federation.request_timeout_ms`.
constexpr std::uint32_t history_timeout_ms_min = 10'000;

} // namespace

void history_backfill::start(const std::string& server) {
  if (fetch_ || room_.node.settings().room.backfill_on_join == 0) return;
  fetch_ = fetch{};
  fetch_->begun = out_.now();
  fetch_->server = server;
  fetch_->from = room_.head.history_from;
  ask();
}

void history_backfill::abandon() {
  if (fetch_) pending_.forget(fetch_->asked);
  fetch_.reset();
}

void history_backfill::ask() {
  if (!fetch_ || fetch_->asked != 0) return;
  if (fetch_->server.empty())
    if (const auto servers = who_may_know(); !servers.empty()) fetch_->server = servers.back();
  if (fetch_->server.empty() || fetch_->from.empty()) return finish();
  peer_request r;
  r.endpoint = matrix::endpoint::backfill;
  r.parameters = {room_.id};
  for (const auto& id : fetch_->from) r.query.emplace_back("v", id);
  const auto left = room_.node.settings().room.backfill_on_join -
                    std::min<std::size_t>(room_.node.settings().room.backfill_on_join, fetch_->events.size());
  r.query.emplace_back("limit", std::to_string(std::clamp<std::size_t>(left, 1, history_events_max)));
  r.timeout_ms = timeout_ms();
  r.response_bytes_max = (history_events_max + 1) * limits::event_bytes_max;
  fetch_->asked = pending_.ask_server(fetch_->server, std::move(r), question::of_history{});
}

std::uint32_t history_backfill::timeout_ms() const {
  const auto patience =
    std::min<std::uint64_t>(room_.node.settings().federation.request_timeout_ms,
                            std::uint64_t{history_timeout_ms_min} << std::min(fetch_->failures, 20u));
  if (fetch_->deadline == 0) return static_cast<std::uint32_t>(patience);
  return static_cast<std::uint32_t>(std::min<time_ms>(
    static_cast<time_ms>(patience), std::max(history_timeout_left_ms_min, fetch_->deadline - out_.now())));
}

void history_backfill::failed() {
  fetch_->asked = 0;
  if (out_.now() - fetch_->begun > give_up_ms) return finish();
  if (fetch_->deadline != 0 && out_.now() >= fetch_->deadline) return finish();
  // Another resident has it as well. Meanwhile the room goes on, the past follows.
  const auto servers = who_may_know();
  if (!servers.empty()) fetch_->server = servers[fetch_->failures % servers.size()];
  const auto pause =
    std::min<time_ms>(time_ms{1000} << std::min(++fetch_->failures, 20u), room_.node.settings().room.inbox_retry_ms);
  alarm_.set(out_.now() + pause);
}

std::vector<std::string> history_backfill::who_may_know() const {
  const auto is_other = [this](std::string_view s) {
    return s != room_.node.server_name && matrix::is_server_name(s) && !fetch_->empty_handed.contains(std::string{s});
  };
  auto servers = room_.servers();
  std::erase_if(servers, [&](const auto& s) { return !is_other(s); });
  if (!servers.empty()) return servers;
  // Whoever has just left may still tell it, and may be the only one.
  std::set<std::string> former;
  room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
    if (const auto s = matrix::server_name_of(*e->state_key);
        e->membership() == matrix::membership::leave && is_other(s))
      former.emplace(s);
    return former.size() < empty_handed_max;
  });
  return {former.begin(), former.end()};
}

bool history_backfill::another_may_know() {
  fetch_->empty_handed.insert(fetch_->server);
  return fetch_->empty_handed.size() < empty_handed_max && !who_may_know().empty();
}

void history_backfill::answered(question::of_history, const peer_answer& m) {
  fetch_->asked = 0;
  auto body =
    m.status == 200 ? matrix::json::parse_readable(m.body, {"pdus", "auth_chain"}) : result<matrix::json::value>{m.why};
  if (!fetch_->auth_of.empty()) {
    const auto* chain = body ? body->find_array("auth_chain") : nullptr;
    auto unknown = chain ? import_.parse_unknown(*chain) : std::vector<matrix::event_ptr>{};
    return unknown.empty() ? auth_failed() : verify(unknown);
  }
  const auto* pdus = body ? body->find_array("pdus") : nullptr;
  const bool is_refused = m.status == 403 || m.status == 404;
  if (!pdus && is_refused && fetch_->events.empty() && !room_.has_server(fetch_->server))
    return another_may_know() ? failed() : finish();
  if (!pdus) return failed();
  auto all = import_.parse(*pdus, matrix::count_policy::unbounded);
  // A resident may lack that history itself: others are asked then.
  if (all.empty() && fetch_->events.empty() && another_may_know()) return failed();
  std::vector<matrix::event_ptr> fresh;
  if (all.size() > history_events_max) all.resize(history_events_max);
  for (auto& x : all) {
    const auto* known = room_.graph.find(x->event_id);
    const bool have = known && known->judged != store::verdict::outlier;
    const bool fetched = std::any_of(fetch_->events.begin(), fetch_->events.end(),
                                     [&](const auto& e) { return e->event_id == x->event_id; });
    if (!have && !fetched) fresh.push_back(x);
  }
  if (fresh.empty()) return finish();
  verify(fresh);
}

void history_backfill::answered(question::of_history, const timed_out&) {
  fetch_->asked = 0;
  fetch_->auth_of.empty() ? failed() : auth_failed();
}

void history_backfill::verify(const std::vector<matrix::event_ptr>& events) {
  fetch_->asked =
    pending_.verify(events, question::history_events{events}, pending_questions::foreign_keys_patience_ms);
}

void history_backfill::answered(const question::history_events& q, const events_verified& m) {
  fetch_->asked = 0;
  take_verified(event_import::verified(q.events, m.checks));
}

void history_backfill::answered(const question::history_events&, const timed_out&) {
  fetch_->asked = 0;
  finish();
}

void history_backfill::answered(question::known_history, const store_answered& m) {
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  complete(found ? *found : store::events_loaded{});
}

void history_backfill::answered(question::known_history, const timed_out&) { complete({}); }

void history_backfill::take_verified(const std::vector<matrix::event_ptr>& events) {
  if (!fetch_->auth_of.empty()) {
    import_.add_outliers(events);
    const auto asked_for = std::find_if(fetch_->events.begin(), fetch_->events.end(),
                                        [&](const auto& x) { return x->event_id == fetch_->auth_of; });
    if (asked_for != fetch_->events.end() && !room_.graph.missing_auth_events(**asked_for).empty())
      fetch_->unjudgeable.insert(fetch_->auth_of);
    fetch_->auth_of.clear();
    return finish();
  }
  fetch_->events.insert(fetch_->events.end(), events.begin(), events.end());
  if (fetch_->deadline == 0) fetch_->deadline = out_.now() + history_ms_max;
  if (events.empty() || fetch_->events.size() >= room_.node.settings().room.backfill_on_join ||
      out_.now() >= fetch_->deadline)
    return finish();
  // Go on from the ancestors nobody has told of yet, and from what was asked for and not told: beside a long branch a
  // short one may be left out.
  const auto asked_for = std::exchange(fetch_->from, {});
  auto go_on_from = [&](const std::string& id) {
    const bool have =
      std::any_of(fetch_->events.begin(), fetch_->events.end(), [&](const auto& e) { return e->event_id == id; });
    if (!have && !room_.graph.is_placed(id) &&
        std::find(fetch_->from.begin(), fetch_->from.end(), id) == fetch_->from.end() &&
        fetch_->from.size() < limits::prev_events_max)
      fetch_->from.push_back(id);
  };
  for (const auto& id : asked_for) go_on_from(id);
  for (const auto& x : fetch_->events)
    for (const auto& p : x->prev_events) go_on_from(p);
  if (fetch_->from.empty()) return finish();
  ask();
}

bool history_backfill::ask_auth() {
  // A membership that was replaced since, or former power levels, are part of no state that we know: who cites them
  // cannot be judged without them.
  std::unordered_set<std::string_view> own;
  for (const auto& x : fetch_->events) own.insert(x->event_id);
  for (const auto& x : fetch_->events) {
    const bool lacks = std::any_of(x->auth_events.begin(), x->auth_events.end(),
                                   [&](const auto& id) { return !room_.graph.find(id) && !own.contains(id); });
    if (!lacks || fetch_->unjudgeable.contains(x->event_id)) continue;
    if (fetch_->server.empty() || fetch_->auth_questions++ >= history_auth_questions_max ||
        (fetch_->deadline != 0 && out_.now() >= fetch_->deadline))
      return false;
    fetch_->auth_of = x->event_id;
    peer_request r;
    r.endpoint = matrix::endpoint::event_auth;
    r.parameters = {room_.id, x->event_id};
    r.timeout_ms = timeout_ms();
    r.response_bytes_max = limits::response_bytes_max;
    fetch_->asked = pending_.ask_server(fetch_->server, std::move(r), question::of_history{});
    return true;
  }
  return false;
}

void history_backfill::auth_failed() {
  fetch_->asked = 0;
  fetch_->unjudgeable.insert(std::exchange(fetch_->auth_of, {}));
  finish();
}

void history_backfill::finish() {
  if (is_asking_store()) return;
  fetch_->auth_of.clear();
  if (ask_auth()) return;
  // On a second join part of it may be on disk already.
  std::vector<std::string> ids;
  for (const auto& x : fetch_->events) ids.push_back(x->event_id);
  if (ids.empty()) return complete({});
  fetch_->asked = pending_.ask_store(store::load_events{room_.id, std::move(ids), false}, question::known_history{});
}

void history_backfill::complete(const store::events_loaded& known) {
  std::erase_if(fetch_->events, [&](const auto& x) {
    if (const auto* n = room_.graph.find(x->event_id); n && n->judged != store::verdict::outlier)
      return true; // a gap was quicker
    return std::any_of(known.events.begin(), known.events.end(), [&](const auto& s) {
      return s.event->event_id == x->event_id && s.judged != store::verdict::outlier;
    });
  });
  // By depth where nothing connects them: between two stretches lies what we had before, or what could not be verified.
  std::stable_sort(fetch_->events.begin(), fetch_->events.end(),
                   [](const auto& a, const auto& b) { return a->depth < b->depth; });
  const auto giver = fetch_->server;
  auto events =
    parents_first(std::move(fetch_->events), [](const matrix::event& e) -> const auto& { return e.prev_events; });
  fetch_.reset();
  // Memberships and the like that others of this stretch cite.
  std::vector<matrix::event_ptr> cited;
  std::copy_if(events.begin(), events.end(), std::back_inserter(cited), [](const auto& x) { return x->is_state(); });
  import_.add_outliers(std::move(cited));
  // What cannot be judged is not taken: a verdict now would stand when its auth events are known one day.
  std::erase_if(events, [&](const auto& x) { return !room_.graph.missing_auth_events(*x).empty(); });
  // Judged by what it cites; the states around it are not known and not needed: nothing is built on it.
  std::vector<room_graph::judgement> verdicts;
  for (const auto& x : events) {
    auto v = room_.graph.judge_by_own_auth_events(*x);
    if (v.judged == store::verdict::outlier) v.judged = store::verdict::accepted;
    // Before anything is told: what was deleted before we came is not told.
    if (v.judged == store::verdict::accepted && x->type == "m.room.redaction") redactions_.accepted_history(*x);
    verdicts.push_back(std::move(v));
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i] = redactions_.as_redacted(events[i]);
    if (verdicts[i].judged != store::verdict::accepted) continue;
    notifier_.message(events[i], true);
    events_.content_known(*events[i], true);
  }
  for (auto i = events.size(); i-- > 0;) writer_.add_history(events[i], {}, verdicts[i]);
  std::vector<matrix::event_ptr> bare;
  for (const auto& x : events) {
    if (is_stripped(*x) && !redactions_.applies_to(x->event_id)) bare.push_back(x);
    redactions_.complete(x); // when all rows are there
  }
  repair_.repair(bare, giver);
  events_.state_changed(writer_.end_history());
  writer_.history_fetched();
  events_.history_fetched();
}

} // namespace causeway::room
