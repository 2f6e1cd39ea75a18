#include "plugin/gateway/gateway_process.hpp"

#include "plugin/gateway/gateway.hpp"
#include "plugin/patient_threads.hpp"

#include <spdlog/spdlog.h>
#include <zmq.hpp>

#include <csignal>
#include <iostream>

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

  int wait() const {
    int which = 0;
    while (sigwait(&waited_for_, &which) != 0) {}
    return which;
  }

private:
  sigset_t waited_for_{}, before_{};
};

} // namespace

int run_gateway_process(const config::gateway_options& options, const std::string& node_endpoint,
                        const std::optional<curve_keys>& keys) {
  const blocked_signals signals;
  zmq::context_t context = patient_context();
  gateway one{options, context, node_endpoint, keys};
  if (const auto started = one.start(); !started) {
    std::cerr << "causeway gateway: " << to_string(started.error()) << '\n';
    return 1;
  }
  std::cout << "causeway gateway ready on ports";
  for (const auto port : one.ports()) std::cout << ' ' << port;
  std::cout << std::endl; // whoever started us waits for this line

  while (signals.wait() == SIGHUP)
    if (const auto loaded = one.reload_certificate(); loaded) spdlog::info("G606 certificate reloaded (SIGHUP)");
    else spdlog::error("G607 gateway: the old certificate stays: {}", to_string(loaded.error()));
  one.stop();
  return 0;
}

} // namespace causeway::gateway
