#include "actors/room/policy_gate.hpp"

#include "actors/handshake.hpp"

#include <utility>

namespace causeway::room {
namespace {

constexpr std::uint32_t attempts_max = 2;
/// The server's actor answers within the time-out; a question that is open this much longer was lost with it.
constexpr time_ms lost_after_ms = 15'000;

} // namespace

std::optional<matrix::policy_server> policy_gate::server() const {
  const auto e = room_.graph.state_event("m.room.policy");
  auto named = e ? matrix::policy_server_of(*e) : std::nullopt;
  if (named && !room_.has_server(named->via)) named.reset(); // it has not agreed to
  return named;
}

fault policy_gate::denied_by_us() const {
  return {fault_code::policy_denied, "the room's policy server is this server, which is none"};
}

void policy_gate::ask(matrix::event_ptr x, const matrix::policy_server& guard, purpose of) {
  ask(question{std::move(x), guard, std::move(of), 0, 0});
}

void policy_gate::ask(question q) {
  ++q.attempts;
  q.since = out_.now();
  peer_request r;
  r.reply_to = out_.self();
  r.asked = out_.next_token();
  r.endpoint = matrix::endpoint::policy_sign;
  r.body = q.event->to_json();
  r.timeout_ms = room_.node.federation.policy_server_timeout_ms;
  out_.send_at_once({actor_kind::remote_server, q.guard.via}, r);
  questions_.emplace(r.asked, std::move(q));
}

std::optional<policy_gate::verdict> policy_gate::answered(const peer_answer& m) {
  const auto it = questions_.find(m.asked);
  if (it == questions_.end()) return {};
  auto q = std::move(it->second);
  questions_.erase(it);
  const bool in_vain = m.status != 200 && !is_refusal(m);
  if (in_vain && q.attempts < attempts_max) {
    ask(std::move(q));
    return {};
  }
  result<matrix::event_ptr> outcome{fault{}};
  if (m.status == 200) {
    outcome = matrix::with_policy_signature(*q.event, q.guard, m.body);
    if (!outcome && outcome.error().code == fault_code::bad_signature)
      outcome = fault{fault_code::peer_bad_answer, outcome.error().detail};
  } else if (in_vain) {
    outcome = fault{m.why.code, "policy server " + m.why.detail};
  } else {
    outcome = fault{fault_code::policy_denied, (m.errcode.empty() ? "" : m.errcode + ": ") + m.why.detail};
  }
  return verdict{std::move(q.of), std::move(outcome)};
}

std::vector<peer_answer> policy_gate::lost() const {
  const auto patience = std::int64_t{room_.node.federation.policy_server_timeout_ms} + lost_after_ms;
  std::vector<peer_answer> all;
  for (const auto& [asked, q] : questions_) {
    if (out_.now() - q.since < patience) continue;
    peer_answer none;
    none.asked = asked;
    none.why = {fault_code::timed_out, "did not answer"};
    all.push_back(std::move(none));
  }
  return all;
}

} // namespace causeway::room
