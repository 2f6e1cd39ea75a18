#include "actors/room/policy_gate.hpp"

#include "actors/handshake.hpp"

#include <utility>

namespace causeway::room {
namespace {

constexpr std::uint32_t attempts_max = 2;

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
  ask({std::move(x), guard, std::move(of), 0});
}

void policy_gate::ask(question::policy_signature q) {
  ++q.attempts;
  peer_request r;
  r.endpoint = matrix::endpoint::policy_sign;
  r.body = q.event->to_json();
  r.timeout_ms = room_.node.settings().federation.policy_server_timeout_ms;
  const auto server = q.guard.via;
  pending_.ask_server(server, std::move(r), std::move(q));
}

std::optional<policy_gate::verdict> policy_gate::answered(question::policy_signature q, const peer_answer& m) {
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

std::optional<policy_gate::verdict> policy_gate::answered(question::policy_signature q, const timed_out& m) {
  peer_answer none;
  none.asked = m.asked;
  none.why = {fault_code::timed_out, "did not answer"};
  return answered(std::move(q), none);
}

} // namespace causeway::room
