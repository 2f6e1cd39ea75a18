// causewayd: one process with everything.
#include "config/loader.hpp"
#include "plugin/node.hpp"

#include <CLI/CLI.hpp>

#include <pthread.h>
#include <csignal>
#include <cstdio>

int main(int argc, char** argv) {
  CLI::App app{"Causeway: lets a chat server take part in the Matrix federation."};
  causeway::config::sources sources;
  bool without_gateway = false;
  app.add_option("-c,--config", sources.file, "Configuration file (TOML); conf.d/*.toml beside it is read too.");
  app.add_option("--set", sources.set, "A value over all others: section.key=value");
  app.add_flag("--without-gateway", without_gateway, "No HTTPS in this process: `causeway gateway` runs elsewhere.");
  app.set_version_flag("--version", std::string{causeway::version()});
  CLI11_PARSE(app, argc, argv);

  // Before any thread exists: all of them inherit the mask, and only sigwait below sees these signals.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  sources.environment = causeway::config::process_environment();
  auto options = causeway::config::load(sources);
  if (!options) {
    std::fprintf(stderr, "causewayd: the configuration cannot be used:\n%s\n", options.error().detail.c_str());
    return 2;
  }
  auto node = causeway::node::start(*options, without_gateway);
  if (!node) {
    std::fprintf(stderr, "causewayd: cannot start: %s\n  %.*s\n", causeway::to_string(node.error()).c_str(),
                 static_cast<int>(causeway::info(node.error().code).what_to_do.size()),
                 causeway::info(node.error().code).what_to_do.data());
    return 1;
  }
  std::string line = "causeway ready server_name=" + (*node)->server_name();
  for (const auto& e : (*node)->chat_endpoints()) line += " chat=" + e;
  for (const auto p : (*node)->gateway_ports()) line += " https=" + std::to_string(p);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  (*node)->stop();
  return 0;
}
