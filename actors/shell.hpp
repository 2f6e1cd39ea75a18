#pragma once
#include "actors/doors.hpp"
#include "actors/type_ids.hpp"
#include "actors/world.hpp"
#include "config/federation_options.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace causeway {

/// A machine without its kind: what the shell drives.
class any_machine {
public:
  virtual ~any_machine() = default;
  virtual effects on(const message& m, time_ms now) = 0;
  virtual std::string describe(time_ms now) const = 0;
  /// Whether what it has to do can wait behind others' work (actors/scheduling.hpp). Asked when it is made, and after
  /// each message.
  virtual bool may_wait() const { return false; }
};

template <class Machine>
class boxed_machine : public any_machine {
public:
  template <class... Args>
  explicit boxed_machine(Args&&... args) : machine_(std::forward<Args>(args)...) {}
  effects on(const message& m, time_ms now) override { return machine_.on(m, now); }
  std::string describe(time_ms now) const override { return machine_.describe(now); }
  bool may_wait() const override {
    if constexpr (requires { machine_.may_wait(); }) return machine_.may_wait();
    else return false;
  }

private:
  Machine machine_;
};
/// Makes the machine of one key.
using machine_factory = std::function<std::unique_ptr<any_machine>(const std::string& key)>;

/// How an actor finds the others: one supervisor per kind, which makes actors on demand. Filled before the first message.
struct switchboard {
  std::array<caf::actor, 16> supervisors;
  world* outside = nullptr;

  /// Delivers a message to an actor, the gateway or the edge.
  void deliver(const address& to, message body) const;
};

/// The one shell of all machines: turns messages into `on`, and effects into sends, commits and timers. It decides nothing.
caf::behavior shell(caf::stateful_actor<struct shell_state>* self, std::shared_ptr<const switchboard> others,
                    address who, std::shared_ptr<any_machine> machine, caf::actor supervisor);

/// State of a shell.
struct shell_state {
  static inline const char* name = "causeway.shell";
  std::shared_ptr<const switchboard> others;
  address who;
  std::shared_ptr<any_machine> machine;
  caf::actor supervisor;
  struct pending {
    std::uint64_t sequence = 0; ///< 0: nothing to wait for but those before
    bool committed = false;
    effects then;
  };
  std::deque<pending> commits; ///< in order; `then` of one is performed when it and all before are on disk
  std::uint64_t last_sequence = 0;
  /// Set by the store the moment a commit fails: nothing decided after it may be written.
  std::shared_ptr<std::atomic<bool>> failed = std::make_shared<std::atomic<bool>>(false);
  struct timer {
    std::uint64_t generation = 0;
    time_ms at = 0;                     ///< by the wall clock, as the machine said
    caf::actor_clock::time_point due{}; ///< by CAF's, which no change of the wall clock moves
  };
  std::map<std::string, timer> timers;
  std::uint64_t last_generation = 0;
  std::uint64_t handled = 0;
  bool wants_to_end = false;
  bool on_disk = true; ///< as it said then
};

/// One per kind: makes actors when they are spoken to, rebuilds them when they fail (with a limit and a pause), ends those that
/// have nothing left to do. A message that arrives while an actor is being rebuilt waits for it. Of many that are to be
/// made at once (a message into a room of two thousand servers) a few are made at a time, so that who is spoken to
/// already does not wait for all of them.
class supervisor_settings {
public:
  actor_kind kind = actor_kind::room;
  config::supervisor_options options;
  machine_factory make;
  std::shared_ptr<known_keys> known = nullptr; ///< told of every actor that is made and ended; null: nobody asks
  std::shared_ptr<const door> guard = nullptr; ///< null: whatever is said to a key makes its actor
};
caf::behavior supervisor(caf::stateful_actor<struct supervisor_state>* self, std::shared_ptr<const switchboard> others,
                         supervisor_settings settings);

struct supervisor_state {
  static inline const char* name = "causeway.supervisor";
  struct child {
    caf::actor handle;
    std::uint64_t routed = 0;
    time_ms since = 0;
    enum class phase : std::uint8_t { wanted, running, restarting, parked } at = phase::running;
    bool is_remade = false; ///< it was told to end, and is made anew when it has
    std::deque<message> waiting;
    std::deque<command_reference>
      commands; ///< the last ones that went to it; they are lost with it, unless it has said how they ended
    std::deque<time_ms> failures; ///< within the window
    std::string last_fault;
  };
  std::map<std::string, child> children;
  std::map<caf::actor_addr, std::string> keys;
  std::deque<std::string> to_make; ///< keys of those that are `wanted`, in order
  bool has_made = false;           ///< in this turn: the next ones wait for `make_due`
  supervisor_settings settings;
  std::shared_ptr<const switchboard> others;
};

} // namespace causeway
