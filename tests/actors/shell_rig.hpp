/// The shell and the supervisor on CAF's deterministic scheduler: one thread, virtual time, a store that answers when
/// told.
#pragma once

#include "actors/decision.hpp"
#include "actors/shell.hpp"
#include "tests/actors/machine_rig.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace causeway::test::shell_play {

/// What a machine of these tests does: the test decides.
using script = std::function<effects(const message&, time_ms)>;

class scripted : public any_machine {
public:
  using change = std::function<void(const std::shared_ptr<const settings>&)>;
  explicit scripted(script s, change on_change = {}) : script_(std::move(s)), on_change_(std::move(on_change)) {}
  effects on(const message& m, time_ms now) override { return script_(m, now); }
  std::string describe(time_ms) const override { return "{}"; }
  void take_over(const std::shared_ptr<const settings>& now) override {
    if (on_change_) on_change_(now);
  }

private:
  script script_;
  change on_change_;
};

/// One that can rest: it counts how often it did.
class tired : public scripted {
public:
  tired(script s, int& rested) : scripted(std::move(s)), rested_(rested) {}
  bool can_rest() const override { return true; }
  void rest() override { ++rested_; }

private:
  int& rested_;
};

class fake_world : public world {
public:
  explicit fake_world(caf::scheduler::test_coordinator& scheduler) : scheduler_(scheduler) {}
  time_ms now() const override {
    return noon +
           std::chrono::duration_cast<std::chrono::milliseconds>(scheduler_.clock().current_time.time_since_epoch())
             .count();
  }
  void commit(store::store_batch batch, trace_id, std::shared_ptr<std::atomic<bool>>,
              std::function<void(result<store::commit_outcome>)> done) override {
    commits.emplace_back(std::move(batch), std::move(done));
  }
  void ask(store::query, std::function<void(std::shared_ptr<const store::answer>)> done) override {
    done(std::make_shared<const store::answer>(store::invitation_loaded{}));
  }
  void send(gateway::http_request x, trace_id trace) override {
    requests.push_back(x.id);
    request_traces.push_back(trace);
  }
  void send(federation_reply, trace_id) override {}
  void send(std::vector<send_frame> x) override { frames.push_back(std::move(x)); }
  void media(message) override {}
  void inspect(message x) override { statuses.push_back(std::get<status_response>(x).json); }
  void switch_federation(federation_switches) override {}
  void log(const note& x, const address&) override {
    logged.push_back(x.what);
    log_traces.push_back(x.trace);
  }

  /// The oldest commit ends, well or not.
  void finish_commit(fault why = {}, std::size_t which = 0) {
    auto done = std::move(commits.at(which).second);
    commits.erase(commits.begin() + static_cast<std::ptrdiff_t>(which));
    if (why.code == fault_code::none) done(store::commit_outcome{});
    else done(std::move(why));
  }

  std::deque<std::pair<store::store_batch, std::function<void(result<store::commit_outcome>)>>> commits;
  std::vector<std::uint64_t> requests;
  std::vector<std::vector<send_frame>> frames; ///< as handed over
  std::vector<std::string> statuses, logged;
  std::vector<trace_id> request_traces, log_traces; ///< of each request and line

private:
  caf::scheduler::test_coordinator& scheduler_;
};

struct system_config : caf::actor_system_config {
  system_config() {
    add_message_types<caf::id_block::causeway>();
    set("scheduler.policy", caf::atom("testing"));
  }
};

/// A supervisor of remote_server actors; "x" is the one the tests speak to.
struct shell_rig {
  system_config config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  fake_world outside{scheduler};
  std::shared_ptr<message_router> router = std::make_shared<message_router>();
  config::supervisor_options options;
  script play = [](const message&, time_ms) { return effects{}; };
  std::vector<std::string> heard; ///< kinds of messages, in order
  std::vector<trace_id> heard_traces;
  std::vector<std::shared_ptr<const settings>> taken_over;
  int made = 0;
  int* rested = nullptr; ///< set: machines can rest, and count here how often they did
  std::shared_ptr<known_keys> known;
  std::shared_ptr<const causeway::door> guard;
  std::optional<supervisor_settings::bulk> paced;
  caf::actor boss;

  shell_rig() { router->outside = &outside; }
  ~shell_rig() {
    if (boss) caf::anon_send(boss, end_all{});
    scheduler.run();
  }
  void open() {
    boss = system.spawn(supervisor, std::shared_ptr<const message_router>(router),
                        supervisor_settings{actor_kind::remote_server, options,
                                            [this](const std::string&) -> std::unique_ptr<any_machine> {
                                              ++made;
                                              const script s = [this](const message& m, time_ms now) {
                                                heard.push_back(kind_of(m));
                                                heard_traces.push_back(m.trace);
                                                return play(m, now);
                                              };
                                              if (rested) return std::make_unique<tired>(s, *rested);
                                              return std::make_unique<scripted>(
                                                s, [this](const auto& now) { taken_over.push_back(now); });
                                            },
                                            known, guard, paced});
    router->supervisors[static_cast<std::size_t>(actor_kind::remote_server)] = boss;
    scheduler.run();
  }
  static std::string kind_of(const message& m) {
    if (std::holds_alternative<start>(m)) return "start";
    if (const auto* t = std::get_if<timer_due>(&m)) return "timer " + to_string(t->name);
    if (const auto* a = std::get_if<server_alive>(&m)) return a->server_name;
    if (std::holds_alternative<store_answered>(m)) return "store";
    if (std::holds_alternative<passivate>(m)) return "passivate";
    return "other";
  }
  /// A message the test can tell from others by its word.
  void say(const std::string& word, const std::string& to = "x") {
    router->deliver({actor_kind::remote_server, to}, server_alive{word});
    scheduler.run();
  }
  void pass(std::chrono::milliseconds time) {
    scheduler.advance_time(time);
    scheduler.run();
  }
  std::vector<supervision> children() {
    std::vector<supervision> rows;
    auto done = std::make_shared<std::function<void(std::vector<supervision>)>>(
      [&](std::vector<supervision> r) { rows = std::move(r); });
    caf::anon_send(boss, list_children{done});
    scheduler.run();
    return rows;
  }
};

inline tell request_to_gateway(std::uint64_t id) {
  gateway::http_request r;
  r.id = id;
  return {{actor_kind::gateway, ""}, std::move(r)};
}

/// A batch that has something to write, and what follows it.
inline persist commit_then(std::uint64_t id) {
  persist p;
  p.batch.writes.emplace_back(store::acknowledge_outbox{0, 1});
  p.then.emplace_back(request_to_gateway(id));
  return p;
}
inline persist nothing_then(std::uint64_t id) {
  persist p;
  p.then.emplace_back(request_to_gateway(id));
  return p;
}

inline bool is_word(const message& m, const char* word) {
  const auto* a = std::get_if<server_alive>(&m);
  return a && a->server_name == word;
}

using std::chrono::milliseconds;
inline const std::vector<std::uint64_t> nothing;

} // namespace causeway::test::shell_play
