#pragma once
#include "messages/message.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// What a machine wants done. A machine is `on(message, now) -> effects`: no CAF type, no clock, no randomness inside. The shell
/// (actors/shell.hpp) is the only code that performs effects, the same for every kind of actor.
namespace causeway {

/// Milliseconds since 1970; virtual in tests.
using time_ms = std::int64_t;

struct effect;
using effects = std::vector<effect>;

/// Commit `batch`; only when it is on disk do `then`. "Persist, then tell" is thus a matter of structure: what must not leave
/// before the commit can only be written here. A commit that fails ends the actor; its supervisor rebuilds it from the store.
/// Batches of one actor are committed in the order given.
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
  std::string name;
};
/// My work is done and on disk: end me. I will be made again when somebody speaks to me.
struct finish {
  bool on_disk = true; ///< false: my key means nothing here, nothing is kept under it (actors/known_keys.hpp)
};
/// One line for the log, structured: a change of state or a fault where it is decided.
enum class log_level : std::uint8_t { debug, info, warning, error };
struct note {
  log_level level = log_level::info;
  std::string what;                                        ///< stable words
  std::vector<std::pair<std::string, std::string>> fields; ///< no secrets
};

struct effect : std::variant<persist, tell, ask_store, wake_me_at, finish, note> {
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
