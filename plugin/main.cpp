// causewayd: one process with everything.
#include "config/loader.hpp"
#include "config/warnings.hpp"
#include "plugin/canary.hpp"
#include "plugin/node.hpp"
#include "plugin/version.hpp"
#include "plugin/node_crash_points.hpp"
#include "plugin/service_notify.hpp"

#include <CLI/CLI.hpp>

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

/// jemalloc reads it before anything is allocated. What was freed (a room unloaded, a burst gone by) is given back to
/// the system by a thread of its own, within about five seconds: without one a broker that has become quiet keeps it
/// until something allocates again. MALLOC_CONF in the environment goes before.
extern "C" const char* malloc_conf;
extern "C" const char* malloc_conf = "background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:0";

namespace {

void tell_problems(const char* what, const causeway::config::examination& found) {
  std::fprintf(stderr, "causewayd: %s:\n", what);
  for (const auto& x : found.problems) std::fprintf(stderr, "%s\n", to_string(x).c_str());
}

/// A file that is mapped (SQLite's -shm) was cut off by somebody, or its disk cannot be read. There is no going on;
/// what was acknowledged is in the log.
void tell_lost_mapping(int) {
  static constexpr char text[] =
    "causewayd: a file of the store was cut off under the running broker, or its disk cannot be read (SIGBUS): "
    "it ends. "
    "Nothing that was acknowledged is lost; start it again, and see what touches the files in node.data_dir.\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, sizeof text - 1);
  ::signal(SIGBUS, SIG_DFL);
  ::raise(SIGBUS);
}

/// Of systemd, or whoever else started us with a socket to tell how we are. What cannot be told is no reason to end.
causeway::service_notify open_manager(const causeway::service_environment& asked) {
  if (auto opened = causeway::service_notify::open(asked.socket)) return std::move(*opened);
  else std::fprintf(stderr, "causewayd: warning: %s\n", to_string(opened.error()).c_str());
  return *causeway::service_notify::open({});
}

void complain(const causeway::status& told) {
  if (!told) std::fprintf(stderr, "causewayd: warning: %s\n", to_string(told.error()).c_str());
}

/// Waits for a signal; meanwhile the watchdog, where there is one, is fed as long as the process works.
int next_signal(const sigset_t& signals, std::optional<causeway::canary>& bird, causeway::service_notify& manager) {
  for (;;) {
    int signal = 0;
    if (bird) {
      const auto pause = std::chrono::duration_cast<std::chrono::nanoseconds>(bird->pause()).count();
      const timespec most{static_cast<time_t>(pause / 1'000'000'000), static_cast<long>(pause % 1'000'000'000)};
      signal = sigtimedwait(&signals, nullptr, &most);
    } else {
      signal = sigwaitinfo(&signals, nullptr);
    }
    if (signal > 0) return signal;
    if (errno != EAGAIN) continue; // EINTR: a debugger looks at us
    const auto found = bird->look(causeway::canary::clock::now());
    if (found.is_alive) complain(manager.alive());
    for (const auto& path : found.late)
      std::fprintf(stderr, "causewayd: the watchdog is not fed: the %s has not answered for half of its interval\n",
                   path.c_str());
  }
}

/// The exit code of a word or a value that cannot be used.
constexpr int unusable = 2;

/// What a test build has, a line each.
int list_of_tests(const char* what, const std::string& text) {
  if (causeway::crash::is_compiled_in) {
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  std::fprintf(stderr,
               "causewayd: this build has no %s: they are compiled into test builds (tools/build dev), never into one"
               " that serves people.\n",
               what);
  return unusable;
}

/// From ourselves, when an operator drains this node.
constexpr int drain_signal = SIGUSR2;

/// What systemd knows of us while another node serves. It counts us as started meanwhile, and so would end us in the
/// middle of a long take (a migration, a large store): its watchdog is as patient as with a start.
class standing_by {
public:
  /// TimeoutStartSec of causewayd.service.
  static constexpr std::chrono::minutes patience{10};

  standing_by(const sigset_t& signals, causeway::service_notify& manager,
              std::optional<std::chrono::microseconds> watchdog)
      : signals_(signals), manager_(manager), watchdog_(watchdog) {}
  /// @returns false: a signal ends it, or wants the files read again (starts_again)
  bool go_on(const std::string& about) {
    if (watchdog_) complain(manager_.watch_every(patience));
    if (about != std::exchange(told_, about)) complain(manager_.ready(about));
    constexpr timespec at_once{};
    for (int signal = 0; (signal = sigtimedwait(&signals_, nullptr, &at_once)) > 0;) {
      if (signal == drain_signal) continue;
      if (signal != SIGHUP) return false;
      complain(manager_.reloading());
      complain(manager_.ready(about));
      starts_again_ = true;
    }
    return !starts_again_;
  }
  /// The start that was given up is made again, with what the files say now. Asked once for each.
  bool starts_again() { return std::exchange(starts_again_, false); }
  /// This node hands its place over; until it stands by there is nobody who feeds the watchdog.
  void begin() {
    if (watchdog_) complain(manager_.watch_every(patience));
    complain(manager_.ready(told_ = "Hands its place over"));
  }
  /// This node serves.
  void end() {
    if (watchdog_ && !told_.empty()) complain(manager_.watch_every(*watchdog_));
  }

private:
  const sigset_t& signals_;
  causeway::service_notify& manager_;
  const std::optional<std::chrono::microseconds> watchdog_;
  std::string told_;
  bool starts_again_ = false;
};

/// Whoever has been replaced says nothing any more, not even goodbye; the service manager starts it anew, and it stands
/// by.
constexpr int replaced_exit_status = 75; // EX_TEMPFAIL

/// Until a signal ends it. @param found  what it serves with; of a configuration that was read again the newest
/// @returns whether it is drained: it hands its place over, and is to stand by
bool serve(causeway::node& node, const causeway::config::sources& sources, causeway::config::examination& found,
           const sigset_t& signals, const causeway::service_environment& asked, causeway::service_notify& manager,
           const std::atomic<causeway::store::drained>& how) {
  std::optional<causeway::canary> bird;
  if (asked.watchdog) bird.emplace(node.canary_paths(), *asked.watchdog);
  complain(manager.ready("Serves " + node.server_name()));
  while (true) {
    const int signal = next_signal(signals, bird, manager);
    if (signal == drain_signal) {
      using causeway::store::drained;
      if (how == drained::no || how == drained::serves) continue; // somebody else sent it
      return true;
    }
    if (signal != SIGHUP) return false;
    complain(manager.reloading());
    // The variables are those of our start; the files may have changed.
    auto now = causeway::config::examine(sources);
    const bool is_usable = now.problems.empty();
    if (is_usable) found = std::move(now);
    else tell_problems("the configuration cannot be used and stays as it was", now);
    node.reload(found.values);
    complain(manager.ready("Serves " + node.server_name() +
                           (is_usable ? "; the log says which changes count and which need a restart"
                                      : "; the changed configuration cannot be used and stays as it was")));
  }
}

/// The variables are those of our start; the files may have changed. @returns `before`, where they cannot be used
causeway::config::examination read_again(const causeway::config::sources& sources,
                                         causeway::config::examination before) {
  auto now = causeway::config::examine(sources);
  if (now.problems.empty()) return now;
  tell_problems("the configuration cannot be used and stays as it was", now);
  return before;
}

void tell_ready(const causeway::node& node, const causeway::config::examination& found) {
  std::string files;
  for (const auto& x : found.files) files += (files.empty() ? "" : ",") + x;
  std::string line = "causeway ready server_name=" + node.server_name();
  for (const auto& e : node.chat_endpoints()) line += " chat=" + e;
  for (const auto p : node.gateway_ports()) line += " https=" + std::to_string(p);
  line += " config=" + (files.empty() ? std::string{"none"} : files);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

/// A node after the other: each was drained, or the files were read again while it stood by, but the last.
/// @returns the exit code
int serve_until_stopped(const causeway::config::sources& sources, causeway::config::examination found,
                        bool without_gateway, const sigset_t& signals) {
  const auto asked = causeway::service_environment::of([](const char* name) { return std::getenv(name); }, ::getpid());
  auto manager = open_manager(asked);
  standing_by waiting{signals, manager, asked.watchdog};
  causeway::node_events told;
  told.standing_by = [&](const std::string& about) { return waiting.go_on(about); };
  told.replaced = [] { ::_exit(replaced_exit_status); };
  told.hand_over = [] { ::kill(::getpid(), drain_signal); };
  told.is_drained = std::make_shared<std::atomic<causeway::store::drained>>(causeway::store::drained::no);
  for (bool is_first = true;; is_first = false) {
    if (!is_first) found = read_again(sources, std::move(found));
    auto node = causeway::node::start(found.values, without_gateway, told);
    if (!node && node.error().code == causeway::fault_code::stopping) {
      if (waiting.starts_again()) continue;
      complain(manager.stopping());
      return 0;
    }
    if (!node) {
      std::fprintf(stderr, "causewayd: cannot start: %s\n  %.*s\n", causeway::to_string(node.error()).c_str(),
                   static_cast<int>(causeway::info(node.error().code).what_to_do.size()),
                   causeway::info(node.error().code).what_to_do.data());
      return 1;
    }
    tell_ready(**node, found);
    waiting.end();
    const bool is_drained = serve(**node, sources, found, signals, asked, manager, *told.is_drained);
    if (is_drained) waiting.begin();
    else complain(manager.stopping());
    (*node)->stop();
    if (!is_drained) return 0;
  }
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Causeway: lets a chat server take part in the Matrix federation."};
  causeway::config::sources sources;
  bool without_gateway = false;
  std::string named;
  app
    .add_option("-c,--config", named,
                std::string{"Configuration file (TOML); conf.d/*.toml beside it is read too. Default: "} +
                  causeway::config::default_file + ", where there is one.")
    ->check(
      [](const std::string& text) { return text.empty() ? std::string{"needs the name of a file"} : std::string{}; });
  app.add_option("--set", sources.set, "A value over all others: section.key=value");
  app.add_flag("--without-gateway", without_gateway, "No HTTPS in this process: `causeway gateway` runs elsewhere.");
  bool lists_crash_points = false, lists_mutants = false;
  app.add_flag("--crash-points", lists_crash_points,
               "Of a test build: lists where CAUSEWAY_CRASH_AT=NAME[:N][:hold] may end it, and ends.");
  app.add_flag("--mutants", lists_mutants,
               "Of a test build: lists what CAUSEWAY_MUTANT=NAME may break on purpose, and ends.");
  app.set_version_flag("--version", std::string{causeway::version()});
  CLI11_PARSE(app, argc, argv);
  if (lists_crash_points) return list_of_tests("crash points", causeway::crash::points_text());
  if (lists_mutants) return list_of_tests("mutants", causeway::crash::mutants_text());
  if (const auto armed = causeway::crash::arm_from(std::getenv(causeway::crash::crash_variable),
                                                   std::getenv(causeway::crash::mutant_variable));
      !armed) {
    std::fprintf(stderr, "causewayd: %s\n", armed.error().detail.c_str());
    return unusable;
  }

  // Before any thread exists: all of them inherit the mask, and only sigwait below sees these signals.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, SIGHUP, drain_signal}) sigaddset(&signals, one);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGBUS, tell_lost_mapping);
  std::signal(SIGXFSZ, SIG_IGN); // a file at the limit of its size is a full disk, and not the end

  sources.file = causeway::config::file_to_read(named);
  sources.environment = causeway::config::process_environment();
  auto found = causeway::config::examine(sources);
  if (!found.problems.empty()) {
    tell_problems("the configuration cannot be used", found);
    if (sources.file.empty())
      std::fprintf(stderr, "No configuration file was read: --config names none, and there is no %s.\n",
                   causeway::config::default_file);
    return unusable;
  }
  // Of the options the node itself warns, in its log.
  for (const auto& x : causeway::config::warnings_of_files(found.files))
    std::fprintf(stderr, "causewayd: warning: %s\n", to_string(x).c_str());
  return serve_until_stopped(sources, std::move(found), without_gateway, signals);
}
