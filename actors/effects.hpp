#pragma once
#include "messages/message.hpp"
#include "messages/request_phase.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What a machine wants done. A machine is `on(message, now) -> effects`: no CAF type, no clock, no randomness inside.
/// The shell (actors/shell.hpp) is the only code that performs effects, the same for every kind of actor.
namespace causeway {

/// Milliseconds since 1970; virtual in tests.
using time_ms = std::int64_t;

struct effect;
using effects = std::vector<effect>;

/// Commit `batch`; only when it is on disk do `then`. "Persist, then tell" is thus a matter of structure: what must not
/// leave before the commit can only be written here. A commit that fails ends the actor; its supervisor rebuilds it
/// from the store. Batches of one actor are committed in the order given.
struct persist {
  store::store_batch batch;
  effects then;
};
/// Send `body` to `to`.
struct tell {
  address to;
  message body;
};
/// Read from the store; the answer comes as `store_answered{asked}`.
struct ask_store {
  token asked = 0;
  store::query question;
};
/// Deliver `timer_due{name}` to myself at `at`. A later one of the same name replaces it; `at` = 0 cancels it.
/// Persistent timers are not special: an actor sets them again from what it loads at start.
struct wake_me_at {
  time_ms at = 0;
  timer_name name = {};
};
/// My work is done and on disk: end me. I will be made again when somebody speaks to me.
struct finish {
  bool on_disk = true; ///< false: my key means nothing here, nothing is kept under it (actors/known_keys.hpp)
};
/// Where an event has come to on its way through the node.
enum class hop_stage : std::uint8_t {
  gateway_in,           ///< request of another server; which events are in it is not known yet
  edge_in,              ///< frame of the chat server; likewise
  transaction_accepted, ///< remote_server: authenticated, not a repetition; likewise
  room_received,        ///< room: readable, and new
  waiting_for_key,      ///< room: a key that it is signed with is missing
  waiting_for_parents,  ///< room: what it cites is missing
  verified,             ///< room: signatures and hash checked
  judged,               ///< room: by the auth rules
  committed,            ///< on disk
  queued,               ///< on disk for one or more servers
  sent,                 ///< remote_server: handed to the gateway in a transaction
  failed,               ///< remote_server: the attempt came to nothing and is repeated
  refused,              ///< remote_server: that server takes others and refuses this one
  acknowledged,         ///< remote_server: that server has answered 200
  notified,             ///< session: EVENT to the chat server
  chat_refused,         ///< session: the chat server's NACK
  chat_acknowledged,    ///< session: the chat server's ACK
};
std::string_view name(hop_stage x);
/// What is known of a hop beside its stage. The hops of one transaction share it.
struct hop_details {
  std::string server;                           ///< the other homeserver
  std::string transaction;                      ///< id of its transaction, or of ours
  std::uint32_t attempt = 0;                    ///< from 1; 0: none is counted
  request_phase phase = request_phase::unknown; ///< what an attempt failed in
  std::string answer;                           ///< what was answered, or the verdict, in words
};
/// For whoever listens (actors/hops.hpp); made only while somebody does.
struct hop {
  std::string event_id; ///< empty: the events that go on under the same trace
  hop_stage stage = hop_stage::gateway_in;
  std::shared_ptr<const hop_details> more = nullptr; ///< null: the stage says it all
};
/// Those of one turn, in order: together, since a transaction of fifty events makes hundreds.
struct hops {
  std::vector<hop> all;
};
/// One line for the log, structured: a change of state or a fault where it is decided.
enum class log_level : std::uint8_t { debug, info, warning, error };
struct note {
  log_level level = log_level::info;
  std::string what;                                        ///< stable words
  std::vector<std::pair<std::string, std::string>> fields; ///< no secrets
  trace_id trace = 0;                                      ///< 0: that of the message at hand, filled in by the shell
};

using effect_content = std::variant<persist, tell, ask_store, wake_me_at, finish, note, hops>;
struct effect : effect_content {
  using variant::variant;
  effect() noexcept;
  effect(const effect&);
  effect(effect&&) noexcept;
  effect& operator=(const effect&);
  effect& operator=(effect&&) noexcept;
  ~effect();
};

/// Appends `more` to `list`.
inline void append(effects& list, effects more) {
  list.insert(list.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

} // namespace causeway
