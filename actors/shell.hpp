#pragma once
#include "actors/actor_tap.hpp"
#include "actors/bulk_pace.hpp"
#include "actors/context.hpp"
#include "actors/doors.hpp"
#include "actors/hops.hpp"
#include "actors/lazy_deque.hpp"
#include "actors/supervisor/activity.hpp"
#include "actors/type_ids.hpp"
#include "actors/world.hpp"
#include "config/federation_options.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
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
  /// Whether `rest` does something.
  virtual bool can_rest() const { return false; }
  /// Nothing was said to it for `rest_after`: it may put away what it holds in less memory. What it decides does not
  /// depend on it.
  virtual void rest() {}
  /// Between two messages: what the operator has changed.
  virtual void take_over(const std::shared_ptr<const settings>&) {}
};
/// As long as taking out what was put away costs next to nothing beside what an actor does that is spoken to as often.
inline constexpr std::chrono::seconds rest_after{10};

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
  bool can_rest() const override {
    return requires(Machine& m) { m.rest(); };
  }
  void rest() override {
    if constexpr (requires { machine_.rest(); }) machine_.rest();
  }

private:
  Machine machine_;
};

/// What a machine refers to: its own context.
class own_context {
protected:
  explicit own_context(const context& node) : node_(node) {}
  context node_;
};
/// A machine that knows its node: `Machine(node, args...)`.
template <class Machine>
class machine_of_node final : private own_context, public boxed_machine<Machine> {
public:
  template <class... Args>
  explicit machine_of_node(const context& node, Args&&... args)
      : own_context(node), boxed_machine<Machine>(node_, std::forward<Args>(args)...) {}
  void take_over(const std::shared_ptr<const settings>& now) override { node_.take_over(now); }
};
/// Makes the machine of one key.
using machine_factory = std::function<std::unique_ptr<any_machine>(const std::string& key)>;

/// How an actor finds the others: one supervisor per kind, which makes actors on demand. Filled before the first
/// message.
struct message_router {
  std::array<caf::actor, actor_kinds> supervisors; ///< by kind
  world* outside = nullptr;
  mutable hop_ring hops;                ///< thread-safe
  mutable actor_tap tap;                ///< thread-safe
  std::atomic<bool> logs_debug = false; ///< lines of level debug are written

  /// Delivers a message to an actor, the gateway or the edge. One that has no trace begins one: it comes from a border
  /// of the node.
  void deliver(const address& to, message body) const;
  /// Traces of this start of the process; before the first message.
  void begin_traces(time_ms now) { last_trace_ = static_cast<trace_id>(now) << trace_counter_bits; }
  trace_id new_trace() const { return last_trace_.fetch_add(1, std::memory_order_relaxed) + 1; }
  /// A hop outside the machines.
  void hop(hop_stage stage, const address& where, trace_id trace) const {
    if (!hops.is_on()) return;
    const causeway::hop seen{{}, stage};
    add_hops({&seen, 1}, where, trace);
  }
  void add_hops(std::span<const causeway::hop> seen, const address& where, trace_id trace) const;
  /// What machines have to make for somebody who looks: `message::watched`.
  std::uint8_t watched() const {
    return static_cast<std::uint8_t>((hops.is_on() ? watched_hops : 0) |
                                     (logs_debug.load(std::memory_order_relaxed) ? watched_debug : 0));
  }

private:
  mutable std::atomic<trace_id> last_trace_ = 0;
};

/// How far an actor has come, for its supervisor to look at from outside.
struct actor_progress {
  std::atomic<std::uint64_t> handled = 0;    ///< of the messages routed to it
  std::atomic<std::int64_t> handling_ns = 0; ///< time spent in its machine and on what that decided
  std::atomic<trace_id> failed_under = 0;    ///< trace of the message that it failed with
};

/// The one shell of all machines: turns messages into `on`, and effects into sends, commits and timers. It decides
/// nothing.
caf::behavior shell(caf::stateful_actor<struct shell_state>* self, std::shared_ptr<const message_router> router,
                    address who, std::shared_ptr<any_machine> machine, caf::actor supervisor,
                    std::shared_ptr<actor_progress> progress);

/// State of a shell.
struct shell_state {
  static inline const char* name = "causeway.shell";
  std::shared_ptr<const message_router> router;
  address who;
  std::shared_ptr<any_machine> machine;
  caf::actor supervisor;
  struct pending {
    std::uint64_t sequence = 0; ///< 0: nothing to wait for but those before
    bool committed = false;
    trace_id trace = 0; ///< under which it was decided
    effects then;
  };
  lazy_deque<pending> commits; ///< in order; `then` of one is performed when it and all before are on disk
  std::uint64_t last_sequence = 0;
  /// Set by the store the moment a commit fails: nothing decided after it may be written.
  std::shared_ptr<std::atomic<bool>> failed = std::make_shared<std::atomic<bool>>(false);
  struct timer {
    std::uint64_t generation = 0;
    time_ms at = 0;                     ///< by the wall clock, as the machine said
    caf::actor_clock::time_point due{}; ///< by CAF's, which no change of the wall clock moves
  };
  std::map<timer_name, timer> timers;
  std::uint64_t last_generation = 0;
  std::shared_ptr<actor_progress> progress;
  std::uint64_t handled = 0;
  trace_id trace = 0;       ///< of what is being handled
  std::uint64_t turns = 0;  ///< messages of all kinds that its machine has had
  bool rest_is_due = false; ///< a `rest_due` is on its way
  bool wants_to_end = false;
  bool on_disk = true; ///< as it said then
};

/// One per kind: makes actors when they are spoken to, rebuilds them when they fail (with a limit and a pause), ends
/// those that have nothing left to do. A message that arrives while an actor is being rebuilt waits for it. Of many
/// that are to be made at once (a message into a room of two thousand servers) a few are made at a time, so that who is
/// spoken to already does not wait for all of them.
class supervisor_settings {
public:
  actor_kind kind = actor_kind::room;
  config::supervisor_options options;
  machine_factory make;
  std::shared_ptr<known_keys> known = nullptr; ///< told of every actor that is made and ended; null: nobody asks
  std::shared_ptr<const door> guard = nullptr; ///< null: whatever is said to a key makes its actor
  /// What a crowd of its actors is told at once, and how fast; none: everything is handed on at once.
  struct bulk {
    bool (*is_bulk)(const message&) = nullptr;
    /// Whether a message says that its receiver's server has answered, or has not; nothing: neither.
    std::optional<bool> (*answer_in)(const message&) = nullptr;
    bulk_pace::bounds bounds;
  };
  std::optional<bulk> paced = {};
};
caf::behavior supervisor(caf::stateful_actor<struct supervisor_state>* self,
                         std::shared_ptr<const message_router> router, supervisor_settings settings);

struct supervisor_state {
  static inline const char* name = "causeway.supervisor";
  activity changes; ///< of children, for those who look
  struct child : activity::entry {
    caf::actor handle;
    std::shared_ptr<actor_progress> progress;
    std::uint64_t routed = 0;
    std::uint64_t marked = 0; ///< number of the message that was routed at `marked_at`
    time_ms marked_at = 0;    ///< set anew when that one has been begun: how long what waits may have waited at most
    time_ms since = 0;
    enum class phase : std::uint8_t { wanted, running, restarting, parked } at = phase::running;
    bool is_remade = false; ///< it was told to end, and is made anew when it has
    lazy_deque<message> waiting;
    time_ms waiting_since = 0; ///< when the first of them came
    lazy_deque<command_reference>
      commands; ///< the last ones that went to it; they are lost with it, unless it has said how they ended
    bulk_pace::time_point last_active{}; ///< something else than what is paced was handed on
    lazy_deque<time_ms> failures;        ///< within the window
    std::string last_fault;
    std::uint64_t told = 0; ///< how it was when it was swept; 0: never
    child_pace pace;        ///< for who looks at the fastest ones
  };
  std::map<std::string, child> children;
  std::array<std::size_t, child_phases.size()> phases{}; ///< how many of them are in which
  std::map<caf::actor_addr, std::string> keys;
  std::deque<std::string> to_make; ///< keys of those that are `wanted`, in order
  bool has_made = false;           ///< in this turn: the next ones wait for `make_due`
  supervisor_settings settings;
  std::shared_ptr<const message_router> router;
  std::optional<bulk_pace> pace;
  bool pace_timer = false;                    ///< `bulk_due` is under way
  std::optional<activity::bookmark> swept_to; ///< somebody sweeps
  time_ms swept_at = 0;                       ///< when they did last
  std::vector<std::string> gone;              ///< keys of children that have ended since
  std::vector<child_ranking> rankings;        ///< of those who look at the first of many

  /// Something has changed with it.
  void note(child& c) { changes.note(c); }
  /// That of `key`, and whether it was made now.
  std::pair<std::map<std::string, child>::iterator, bool> add(const std::string& key) {
    const auto made = children.try_emplace(key);
    if (!made.second) return made;
    made.first->second.is_called(made.first->first);
    ++phases_of(made.first->second);
    return made;
  }
  void enter(child& c, child::phase to) {
    --phases_of(c);
    c.at = to;
    ++phases_of(c);
    note(c);
  }
  void erase(std::map<std::string, child>::iterator c) {
    --phases_of(c->second);
    children.erase(c);
  }

private:
  std::size_t& phases_of(const child& c) { return phases.at(static_cast<std::size_t>(c.at)); }
};

} // namespace causeway
