// The room's policy server: asked for its signature before an event of our users leaves, and when one that came lacks it (receipt check 7).
// Source: server-server-api, "Policy Servers".
#include "actors/handshake.hpp"
#include "actors/room/room_machine.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

/// Events of others that are with the policy server at once; the rest waits for its turn.
constexpr std::size_t questions_open_max = 20;
constexpr std::uint32_t attempts_max = 2;
/// The server's actor answers within the time-out; a question that is open this much longer was lost with it.
constexpr time_ms lost_after_ms = 15'000;

} // namespace

std::optional<matrix::policy_server> room_machine::policy_server() const {
  const auto e = graph_.state_event("m.room.policy");
  auto named = e ? matrix::policy_server_of(*e) : std::nullopt;
  if (named && !server_takes_part(named->via)) named.reset(); // it has not agreed to
  return named;
}

void room_machine::ask_policy(policy_question q) {
  ++q.attempts;
  q.since = out_.now();
  peer_request r;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = out_.next_token();
  r.endpoint = matrix::endpoint::policy_sign;
  r.body = q.event->to_json();
  r.timeout_ms = node_.federation.policy_server_timeout_ms;
  out_.send_at_once({actor_kind::remote_server, q.guard.via}, r);
  policy_questions_.emplace(r.asked, std::move(q));
}

void room_machine::policy_answer(const peer_answer& m) {
  auto it = policy_questions_.find(m.asked);
  if (it == policy_questions_.end()) return;
  auto q = std::move(it->second);
  policy_questions_.erase(it);
  const bool in_vain = m.status != 200 && !is_refusal(m);
  if (in_vain && q.attempts < attempts_max) return ask_policy(std::move(q));
  result<matrix::event_ptr> outcome{fault{}};
  if (m.status == 200) {
    outcome = matrix::with_policy_signature(*q.event, q.guard, m.body);
    if (!outcome && outcome.error().code == fault_code::bad_signature) outcome = fault{fault_code::peer_bad_answer, outcome.error().detail};
  } else if (in_vain) {
    outcome = fault{m.why.code, "policy server " + m.why.detail};
  } else {
    outcome = fault{fault_code::policy_denied, (m.errcode.empty() ? "" : m.errcode + ": ") + m.why.detail};
  }
  policy_decided(std::move(q), std::move(outcome));
}

void room_machine::policy_decided(policy_question q, result<matrix::event_ptr> outcome) {
  if (q.join) {
    if (!outcome) return refuse(*q.join, outcome.error());
    return finish_send_membership(*q.join, *outcome);
  }
  if (q.work_id != 0) {
    if (auto w = work_.find(q.work_id); w != work_.end()) {
      w->second.policy = outcome ? policy_verdict::fine : policy_verdict::denied;
      if (outcome) w->second.event = *outcome;
      else w->second.policy_reason = to_string(outcome.error());
      w->second.enter(work_phase::waiting_for_parents, out_.now());
    }
    return advance();
  }
  if (!own_policy_) return;
  own_policy_->outcome = std::move(outcome);
  // Whoever waits tries again: one of them is told the outcome, the next one begins a question of its own.
  do {
    for (const auto& m : std::exchange(policy_waiting_, {})) dispatch(m);
    run_commands();
    if (own_policy_ && own_policy_->outcome) own_policy_.reset(); // nobody wants the event any more
  } while (!own_policy_ && (!policy_waiting_.empty() || may_run_commands()));
}

void room_machine::policy_overdue() {
  const auto patience = std::int64_t{node_.federation.policy_server_timeout_ms} + lost_after_ms;
  std::vector<token> lost;
  for (const auto& [asked, q] : policy_questions_)
    if (out_.now() - q.since >= patience) lost.push_back(asked);
  for (const auto asked : lost) {
    peer_answer none;
    none.asked = asked;
    none.why = {fault_code::timed_out, "did not answer"};
    policy_answer(none);
  }
}

result<matrix::event_ptr> room_machine::author(const draft& d) {
  const auto guard = policy_server();
  if (!guard || !matrix::needs_policy_signature(d.type, d.state_key)) return draft_event(d);
  author_waits_ = false;
  if (own_policy_ && own_policy_->outcome && own_policy_->wanted == d) {
    auto outcome = std::move(*own_policy_->outcome);
    own_policy_.reset();
    const auto is_placed = [&](const auto& id) { return graph_.is_placed(id); };
    // Signed by the room's policy server of now, on parents that are still at hand: else it is drafted anew.
    if (!outcome || (matrix::has_policy_signature(**outcome, *guard) && std::all_of((*outcome)->prev_events.begin(), (*outcome)->prev_events.end(), is_placed)))
      return outcome;
  }
  if (!own_policy_) {
    auto x = draft_event(d);
    if (!x) return x;
    if (guard->via == node_.server_name) return {fault_code::policy_denied, "the room's policy server is this server, which is none"};
    own_policy_.emplace();
    own_policy_->wanted = d;
    ask_policy({*x, *guard, {}, 0, std::nullopt, 0});
  }
  author_waits_ = true;
  return {fault_code::timed_out, "waits for the room's policy server"};
}

bool room_machine::policy_holds(std::uint64_t id, work& w) {
  if (w.policy == policy_verdict::asked) return true;
  if (w.policy != policy_verdict::unknown && w.policy != policy_verdict::wanted) return false;
  const auto guard = policy_server();
  if (!guard || !matrix::needs_policy_signature(w.event->type, w.event->state_key) || graph_.is_history(w.event->event_id)) return false;
  if (w.policy == policy_verdict::unknown) {
    if (matrix::has_policy_signature(*w.event, *guard)) return false;
    // Only what passes the room's own rules is worth a question.
    if (!w.told_state && graph_.judge(*w.event, graph_.state_before(w.event->prev_events, out_.writes())).judged != store::verdict::accepted) return false;
    w.policy = policy_verdict::wanted;
    if (!w.in_inbox) stage(w);
    w.pulled_for = 0; // it no longer belongs to the gap it was fetched for
  }
  w.enter(work_phase::asking_policy_server, out_.now());
  if (guard->via == node_.server_name) {
    w.policy = policy_verdict::denied;
    w.policy_reason = "the room's policy server is this server, which is none";
    return false;
  }
  if (policy_questions_.size() >= questions_open_max) return true; // asked when another one has been answered
  w.policy = policy_verdict::asked;
  ask_policy({w.event, *guard, {}, 0, std::nullopt, id});
  return true;
}

bool room_machine::policy_holds(const federation_call& m, const matrix::event_ptr& x) {
  const auto guard = policy_server();
  if (!guard || matrix::has_policy_signature(*x, *guard)) return false;
  if (guard->via == node_.server_name) {
    refuse(m, {fault_code::policy_denied, "the room's policy server is this server, which is none"});
    return true;
  }
  ask_policy({x, *guard, {}, 0, m, 0});
  return true;
}

} // namespace causeway::room
