#pragma once
#include "plugin/edge/edge.hpp"
#include "tests/actors/session_rig.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace causeway::test {

/// The real edge and the real session machine, with a directory and a store in memory: enough of a node to test clients
/// against. Everything but the edge's own thread runs under one mutex.
class mini_broker : private edge::frame_sink {
public:
  explicit mini_broker(const config::edge_options& options) {
    auto made = edge::edge::open(context_, options, *this);
    if (!made) throw std::runtime_error{to_string(made.error())};
    edge_ = std::move(*made);
    const std::lock_guard guard{mutex_};
    rig_.begin();
  }

  std::string endpoint() const { return edge_->endpoints()[0].address; }

  /// `job(rig)` under the mutex, its effects performed.
  void with(const std::function<void(session_rig&)>& job) {
    const std::lock_guard guard{mutex_};
    job(rig_);
    forward();
  }
  void notify(const std::string& name, const std::string& body) {
    with([&](session_rig& rig) { rig.notify(0, body, name); });
  }
  /// The session is rebuilt from the store; who was connected is forgotten.
  void restart() {
    with([](session_rig& rig) { rig.restart(); });
  }
  /// While it lives the broker reads nothing: the edge's thread stands at the first message that comes.
  std::unique_lock<std::mutex> stand_still() { return std::unique_lock{mutex_}; }
  std::vector<std::string> executed() {
    const std::lock_guard guard{mutex_};
    return executed_;
  }
  std::int64_t acknowledged() {
    const std::lock_guard guard{mutex_};
    rig_.advance(session::acknowledge_delay_ms);
    forward();
    return rig_.store.streams[0].acknowledged;
  }

  /// Verbs of what has come, in order.
  std::vector<edge::verb> received_verbs() {
    const std::lock_guard guard{mutex_};
    return verbs_;
  }
  std::size_t frames_of(edge::verb what) {
    const auto all = received_verbs();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), what));
  }
  std::atomic<bool> ignores_acks{false};

  /// What a command is answered with; by default an empty map. Returns nothing: no answer.
  std::function<std::optional<command_done>(const command_received&)> directory;

private:
  void on_frame(const edge::connection& from, edge::frame&& x) override {
    const std::lock_guard guard{mutex_};
    verbs_.push_back(x.what);
    if (x.what == edge::verb::ack && ignores_acks) return;
    rig_.give(frame_received{from, std::move(x)});
    forward();
  }
  void on_lost(const edge::connection& gone) override {
    const std::lock_guard guard{mutex_};
    rig_.give(connection_lost{gone});
    forward();
  }

  void forward() {
    while (!rig_.commands.empty()) {
      const auto x = std::move(rig_.commands.front());
      rig_.commands.erase(rig_.commands.begin());
      executed_.push_back(x.reference.command_id);
      auto done = directory ? directory(x) : command_done{x.reference, true, "\x80"};
      if (!done) continue;
      if (done->succeeded) // what a room commits together with the event
        rig_.store.results[x.reference.command_id] = {x.reference.command_id, chat::name(*x.body), true, done->body, 0};
      rig_.give(*done);
    }
    for (auto& f : std::exchange(rig_.sent, {})) edge_->send(f.to, std::move(f.body));
  }

  zmq::context_t context_{1};
  std::mutex mutex_;
  session_rig rig_;
  std::vector<std::string> executed_;
  std::vector<edge::verb> verbs_;
  std::unique_ptr<edge::edge> edge_; // last: its thread uses all of the above
};

} // namespace causeway::test
