#include "plugin/node_probes.hpp"

#include "plugin/gateway/probe.hpp"

#include <pthread.h>

#include <csignal>

namespace causeway {

void node_probes::stop() {
  std::thread last;
  decltype(waiting_) left;
  {
    std::lock_guard guard(mutex_);
    stopping_ = true;
    left.swap(waiting_);
    last = std::move(thread_);
  }
  for (const auto& [server, done] : left) refuse(server, done, {fault_code::stopping, {}});
  if (last.joinable()) last.join();
}

void node_probes::refuse(const std::string& server, const callback& done, fault why) {
  probe::report refused;
  refused.server_name = server;
  refused.why = std::move(why);
  done(std::move(refused));
}

void node_probes::look_at(std::string server, callback done) {
  std::unique_lock guard(mutex_);
  if (stopping_ || waiting_.size() >= waiting_max) {
    const bool stops = stopping_;
    guard.unlock();
    if (stops) return refuse(server, done, {fault_code::stopping, {}});
    return refuse(server, done,
                  {fault_code::overloaded, std::to_string(waiting_max) + " servers wait to be looked at"});
  }
  waiting_.emplace_back(std::move(server), std::move(done));
  if (runs_) return;
  runs_ = true;
  if (thread_.joinable()) thread_.join(); // it has left its loop
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "probe");
}

void node_probes::run() {
  // OpenSSL under libcurl says goodbye to connections that are closed already.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  std::unique_lock guard(mutex_);
  while (!waiting_.empty() && !stopping_) {
    const auto [server, done] = std::move(waiting_.front());
    waiting_.pop_front();
    guard.unlock();
    gateway::probe_tuning tuning;
    tuning.is_ended = &stopping_;
    done(gateway::probe_server(options_, server, now_ms_(), tuning));
    guard.lock();
  }
  runs_ = false;
}

} // namespace causeway
