// What the shell and the supervisor cost by themselves: messages that an actor sends to itself, through its supervisor,
// one after the other.
//
//   bench_shell [messages]
//
// One line of JSON: nanoseconds a message that does nothing else (`tell_ns`), one that commits a row first
// (`commit_ns`, the store answers at once), and the same as the latter while somebody listens to the hops of its events
// (`listened_ns`). Each the least of five runs.
#include "actors/decision.hpp"
#include "actors/scheduling.hpp"
#include "actors/shell.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>

namespace {

using namespace causeway;

/// A world in which everything is done at once.
class empty_world : public world {
public:
  time_ms now() const override { return 1'700'000'000'000; }
  void commit(store::store_batch, trace_id, std::shared_ptr<std::atomic<bool>>,
              std::function<void(result<store::commit_outcome>)> done) override {
    done(store::commit_outcome{});
  }
  void ask(store::query, std::function<void(std::shared_ptr<const store::answer>)>) override {}
  void send(gateway::http_request, trace_id) override {}
  void send(federation_reply, trace_id) override {}
  void send(std::vector<send_frame>) override {}
  void inspect(message) override {}
  void media(message) override {}
  void switch_federation(federation_switches) override {}
  void log(const note&, const address&) override {}
};

const address self{actor_kind::remote_server, "x"};
const std::string an_event = "$1tMVzmPgq1xvJYlEd2wGQxTcDRcQzK4xYyYt2zq0nXk";

/// Sends itself the next message until it has had as many as it was told.
class runner {
public:
  runner(bool commits, std::size_t messages, std::promise<void>& done)
      : commits_(commits), left_(messages), done_(done) {}
  effects on(const message& m, time_ms now) {
    out_.begin(m, now);
    if (!std::holds_alternative<server_alive>(m)) return out_.take();
    if (left_-- == 0) {
      done_.set_value();
      return out_.take();
    }
    out_.hop(an_event, hop_stage::sent);
    if (commits_) {
      out_.write(store::queue_pdu{"x", an_event});
      out_.send(self, server_alive{"x"});
    } else {
      out_.send_at_once(self, server_alive{"x"});
    }
    return out_.take();
  }
  std::string describe(time_ms) const { return "{}"; }

private:
  const bool commits_;
  std::size_t left_;
  std::promise<void>& done_;
  decision out_{self};
};

class system_config : public caf::actor_system_config {
public:
  system_config() {
    add_message_types<caf::id_block::causeway>();
    load<few_wakes_scheduler>();
    set("scheduler.max-threads", std::size_t{1});
    set("scheduler.max-throughput", std::size_t{100});
  }
};

double ns_of(std::size_t messages, bool commits, bool is_listened_to) {
  empty_world outside;
  system_config config;
  caf::actor_system system{config};
  const auto router = std::make_shared<message_router>();
  router->outside = &outside;
  if (is_listened_to) router->hops.listen(16 * 1024 * 1024);
  std::promise<void> done;
  supervisor_settings settings;
  settings.kind = self.kind;
  settings.make = [&](const std::string&) { return std::make_unique<boxed_machine<runner>>(commits, messages, done); };
  const auto boss = system.spawn(supervisor, std::shared_ptr<const message_router>(router), std::move(settings));
  router->supervisors[static_cast<std::size_t>(self.kind)] = boss;
  const auto begun = std::chrono::steady_clock::now();
  router->deliver(self, server_alive{"x"});
  done.get_future().wait();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begun;
  caf::anon_send(boss, end_all{});
  system.await_all_actors_done();
  router->supervisors = {};
  return took.count() / static_cast<double>(messages);
}

double least_ns(std::size_t messages, bool commits, bool is_listened_to) {
  double least = ns_of(messages, commits, is_listened_to);
  for (int i = 0; i < 4; ++i) least = std::min(least, ns_of(messages, commits, is_listened_to));
  return least;
}

} // namespace

int main(int argc, char** argv) {
  const auto messages = argc > 1 ? static_cast<std::size_t>(std::atoll(argv[1])) : std::size_t{500'000};
  std::printf("{\"tell_ns\":%.0f,\"commit_ns\":%.0f,\"listened_ns\":%.0f}\n", least_ns(messages, false, false),
              least_ns(messages, true, false), least_ns(messages, true, true));
}
