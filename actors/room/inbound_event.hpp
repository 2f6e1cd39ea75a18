#pragma once
#include "actors/effects.hpp"
#include "actors/room/attempt.hpp"
#include "actors/room/event_state.hpp"
#include "messages/matrix/event.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace causeway::room {

/// Where an event on its way into the room stands; what the inspector prints.
enum class work_phase : std::uint8_t {
  formed,
  verifying,
  waiting_for_keys,
  gathering,
  waiting_for_parents,
  closing_gap,
  asking_policy_server,
  done
};
std::string_view name(work_phase p);

// Receipt check 7, the signature of the room's policy server.
struct policy_unchecked {};
struct policy_pending {}; ///< it is to be asked, when it has answered others
struct policy_asked {};
struct policy_passed {}; ///< it has signed, or need not
struct policy_denied {
  std::string why;
};
/// How far the check of one event has come.
using policy_progress = std::variant<policy_unchecked, policy_pending, policy_asked, policy_passed, policy_denied>;
/// What it comes to.
using policy_result = std::variant<policy_passed, policy_denied, waits_for_policy_server>;

using waiter = std::pair<std::uint64_t, std::size_t>; ///< (batch, index of its outcome)
/// One form in which an event came, until one of them has proved genuine: signatures and all that a redaction removes
/// are no part of the event's id, so anybody may bring a bogus copy before the genuine one comes.
struct unverified_copy {
  enum class state : std::uint8_t {
    verifying,
    no_key,
    stripped
  } is = state::verifying; ///< stripped: signed, but its content does not match its hash
  matrix::event_ptr event;
  std::string origin;
  std::vector<waiter> waiters;
  bool staged = false;   ///< on disk
  std::size_t bytes = 0; ///< of its text, where it is staged
};
/// An event of another server on its way into the room.
struct inbound_event {
  matrix::event_ptr event; ///< while there are `copies`: the first of them
  std::string origin;
  work_phase phase = work_phase::formed;
  time_ms phase_since = 0;
  std::vector<unverified_copy> copies; ///< empty: `event` is verified
  enum class author : std::uint8_t {
    unasked,
    asked,
    answered
  } author_of_stripped = author::unasked; ///< whether its own server was asked for the whole
  std::uint64_t pulled_for = 0;           ///< the gap we asked for it for; nobody else waits. 0: none
  bool pulled() const { return pulled_for != 0; }
  bool stripped = false;  ///< `event` is what the redaction left of a copy that did not match its hash
  bool in_inbox = false;  ///< staged: on disk, answered for
  std::size_t bytes = 0;  ///< of its text, where it is staged; 0: not counted yet
  bool looked_up = false; ///< the store was asked for its unknown parents
  policy_progress policy;
  time_ms since = 0;
  event_state state; ///< the one before it
  std::vector<waiter> waiters;
  void enter(work_phase next, time_ms now) {
    if (phase != next) phase_since = now;
    phase = next;
  }
};
using inbound_map = std::map<std::uint64_t, inbound_event>; ///< by order of arrival

} // namespace causeway::room
