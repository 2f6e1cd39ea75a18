#pragma once
#include "actors/decision.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/policy_server.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <optional>

namespace causeway::room {

/// The room's policy server: asked for its signature before an event of our users leaves, and when one that came lacks
/// it (receipt check 7).
/// Source: server-server-api, "Policy Servers".
class policy_gate {
public:
  /// Events of others that are with the policy server at once; the rest waits for its turn.
  static constexpr std::size_t questions_max = 20;

  policy_gate(const room_state& room, pending_questions& pending) : room_(room), pending_(pending) {}

  using own_event = question::policy_signature::own_event;
  using inbound_event = question::policy_signature::inbound_event;
  using purpose = question::policy_signature::purpose;
  struct verdict {
    purpose of;
    result<matrix::event_ptr>
      outcome; ///< the event with the signature; faults policy_denied, peer_bad_answer, peer_timeout and the like
  };

  /// By the current state; nothing when it has no joined user.
  std::optional<matrix::policy_server> server() const;
  /// Whether the policy server that the room names is this server, which is none.
  bool is_us(const matrix::policy_server& guard) const { return guard.via == room_.node.server_name; }
  fault denied_by_us() const;

  void ask(matrix::event_ptr x, const matrix::policy_server& guard, purpose of);
  /// @returns nothing: it is asked once more
  std::optional<verdict> answered(question::policy_signature q, const peer_answer& m);
  std::optional<verdict> answered(question::policy_signature q, const timed_out& m);

  bool is_full() const { return open() >= questions_max; }
  bool is_idle() const { return open() == 0; }
  void describe(matrix::json::object& o, time_ms) const {
    o.set("with_policy_server", static_cast<std::int64_t>(open()));
  }

private:
  std::size_t open() const { return pending_.count<question::policy_signature>(); }
  void ask(question::policy_signature q);

  const room_state& room_;
  pending_questions& pending_;
};

} // namespace causeway::room
