#pragma once
#include "actors/decision.hpp"
#include "actors/lazy_deque.hpp"
#include "actors/room/attempt.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/fan_out.hpp"
#include "actors/room/parent_fetch.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/policy_gate.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_state.hpp"
#include "messages/message.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace causeway::room {

/// What an event of a user of ours is to say.
struct draft {
  std::string type, sender;
  std::optional<std::string> state_key;
  matrix::json::object content;
  std::string redacts = {}; ///< of an m.room.redaction: its target
  time_ms not_before = 0;   ///< its origin_server_ts at least
  time_ms sent_at = 0;      ///< its origin_server_ts, of what was said before; 0: now
  bool operator==(const draft&) const = default;
};

/// Events of our own users: drafted, checked against the rules, signed, committed, queued for the room's servers.
class authoring {
public:
  authoring(const room_state& room, decision& out, pending_questions& pending, event_writer& writer, policy_gate& gate,
            room_events& events)
      : room_(room), out_(out), writer_(writer), gate_(gate), events_(events), parents_(room, pending, writer),
        fan_out_(room, out) {}

  /// A signed event on top of the forward extremities, checked against the rules; not yet part of the graph.
  /// @returns faults too_large, forbidden
  result<matrix::event_ptr> draft_event(const draft& d);
  /// The same, with the signature of the room's policy server where it has one. While that is asked for, the attempt
  /// waits: a command stays at the head of its queue, the handler of a message hands it to `try_again_later`. The same
  /// draft then gets the answer.
  attempt<matrix::event_ptr> author(const draft& d);
  void try_again_later(message m) { deferred_.push_back(std::move(m)); }

  /// Takes an event we authored, or were handed over by its author, into the graph and queues it for the room's
  /// servers.
  /// @param own_id  what the chat server calls the message
  /// @returns fault forbidden when the rules no longer allow it; it is then stored as what it is and goes nowhere
  status commit(const matrix::event_ptr& x, const std::vector<std::string>& further_servers = {},
                const std::string& own_id = {});
  void queue_for(const matrix::event_ptr& x, std::vector<std::string> servers, const std::string& own_id = {}) {
    fan_out_.queue(x, std::move(servers), own_id);
  }
  /// Takes an invitation back at a server that is not in the room, where the room's own rules do not allow it any more
  /// (the inviter has left). That server has no state to judge by: it believes the inviter, about the very invite that
  /// is cited, and nobody else. The event is not part of the room and goes nowhere else.
  /// @returns false when the inviter is of another server or the invited one's takes part: nothing is sent
  bool rescind_outside(const matrix::event_ptr& invite, const std::string& reason);

  /// What own events that were away for a while rest on.
  parent_fetch& parents() { return parents_; }
  bool is_idle() const { return parents_.is_idle(); }
  fan_out& deliveries() { return fan_out_; }
  const fan_out& deliveries() const { return fan_out_; }

  /// The policy server's word about the event of ours that was with it: one at a time, so they stay in order.
  void decided(result<matrix::event_ptr> outcome);
  /// Whether an event of ours is with the policy server.
  bool waits() const { return asked_ && !asked_->outcome; }
  /// Whether its word is there and nobody has taken it up yet.
  bool is_decided() const { return asked_ && asked_->outcome; }
  void forget_decision() { asked_.reset(); }
  /// What is to be tried again.
  lazy_deque<message> take_deferred() { return std::exchange(deferred_, {}); }
  bool has_deferred() const { return !deferred_.empty(); }

private:
  struct question {
    draft wanted;
    std::optional<result<matrix::event_ptr>> outcome; ///< nothing: the policy server is being asked
  };

  const room_state& room_;
  decision& out_;
  event_writer& writer_;
  policy_gate& gate_;
  room_events& events_;
  parent_fetch parents_;
  fan_out fan_out_;
  std::optional<question> asked_;
  lazy_deque<message> deferred_;
};

} // namespace causeway::room
