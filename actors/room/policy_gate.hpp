#pragma once
#include "actors/decision.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/policy_server.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

namespace causeway::room {

/// The room's policy server: asked for its signature before an event of our users leaves, and when one that came lacks it (receipt check 7).
/// Source: server-server-api, "Policy Servers".
class policy_gate {
public:
  /// Events of others that are with the policy server at once; the rest waits for its turn.
  static constexpr std::size_t questions_max = 20;

  policy_gate(const room_state& room, decision& out) : room_(room), out_(out) {}

  /// For what a question is asked.
  struct own_event {};
  struct inbound_event {
    std::uint64_t id = 0; ///< of the event under way
  };
  using purpose =
    std::variant<own_event, inbound_event, federation_call>; ///< the call: a send_join or send_leave through us
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
  /// @returns nothing: not an answer to a question of this component, or it is asked once more
  std::optional<verdict> answered(const peer_answer& m);
  /// Questions that were lost with the actor that was asked, as answers that say nothing.
  std::vector<peer_answer> lost() const;

  bool is_full() const { return questions_.size() >= questions_max; }
  std::size_t open() const { return questions_.size(); }
  bool is_idle() const { return questions_.empty(); }

private:
  struct question {
    matrix::event_ptr event;
    matrix::policy_server guard;
    purpose of;
    time_ms since = 0;
    std::uint32_t attempts = 0;
  };
  void ask(question q);

  const room_state& room_;
  decision& out_;
  std::map<token, question> questions_;
};

} // namespace causeway::room
