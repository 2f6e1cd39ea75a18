#include "plugin/gateway/gateway_process.hpp"

#include "plugin/gateway/gateway.hpp"
#include "plugin/gateway/node_choice.hpp"
#include "plugin/patient_threads.hpp"

#include <spdlog/spdlog.h>
#include <zmq.hpp>

#include <chrono>
#include <csignal>
#include <iostream>
#include <optional>

namespace causeway::gateway {
namespace {

/// Blocks the signals for this thread, and the threads it starts, and restores them at the end.
class blocked_signals {
public:
  blocked_signals() {
    sigemptyset(&waited_for_);
    for (const int one : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&waited_for_, one);
    pthread_sigmask(SIG_BLOCK, &waited_for_, &before_);
  }
  blocked_signals(const blocked_signals&) = delete;
  blocked_signals& operator=(const blocked_signals&) = delete;
  ~blocked_signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  /// @returns nothing: none has come for so long
  std::optional<int> wait(std::chrono::milliseconds most) const {
    const timespec time{most / std::chrono::seconds{1},
                        std::chrono::nanoseconds{most % std::chrono::seconds{1}}.count()};
    const int which = sigtimedwait(&waited_for_, nullptr, &time);
    return which > 0 ? std::optional{which} : std::nullopt;
  }

private:
  sigset_t waited_for_{}, before_{};
};

constexpr std::chrono::milliseconds look_interval{200};
/// A node that has not been there for so long does not serve. One that does has greeted by then: a new socket connects
/// at once, and HELLO is repeated each quarter of a second (tuning_for_successors).
constexpr std::chrono::milliseconds node_patience{2'000};

} // namespace

int run_gateway_process(const config::gateway_options& options, const std::vector<node_address>& nodes) {
  const blocked_signals signals;
  zmq::context_t context = patient_context();
  const auto tuning = nodes.size() > 1 ? tuning_for_successors() : gateway_tuning{};
  gateway one{options, context, nodes.front().endpoint, nodes.front().keys, tuning};
  if (const auto started = one.start(); !started) {
    std::cerr << "causeway gateway: " << to_string(started.error()) << '\n';
    return 1;
  }
  std::cout << "causeway gateway ready on ports";
  for (const auto port : one.ports()) std::cout << ' ' << port;
  std::cout << std::endl; // whoever started us waits for this line

  const std::chrono::milliseconds most = nodes.size() > 1 ? look_interval : std::chrono::hours{1};
  node_choice choice{nodes.size(), node_patience, node_choice::time_point::clock::now()};
  for (;;) {
    if (const auto signal = signals.wait(most); signal == SIGHUP) {
      if (const auto loaded = one.reload_certificate(); loaded) spdlog::info("G606 certificate reloaded (SIGHUP)");
      else spdlog::error("G607 gateway: the old certificate stays: {}", to_string(loaded.error()));
    } else if (signal) {
      break;
    }
    if (const auto next = choice.look(one.connected(), node_choice::time_point::clock::now()))
      one.retarget(nodes[*next].endpoint, nodes[*next].keys);
  }
  one.stop();
  return 0;
}

} // namespace causeway::gateway
