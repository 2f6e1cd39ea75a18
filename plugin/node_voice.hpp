#pragma once
#include "plugin/edge/edge.hpp"
#include "plugin/store/lease.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace causeway {

/// All that the actors say leaves through here: to the chat server, and through gateways to other servers. A node that
/// shares its store speaks while its lease is held; what is to be said without it waits, in its order, for the renewal,
/// and is never said where another node has taken its place. Thread-safe.
class node_voice {
public:
  /// Before anything is said. @param held  null: nobody else has this store
  void open(edge::edge& to, std::shared_ptr<const store::lease> held) {
    edge_ = &to;
    lease_ = std::move(held);
  }
  void send(const edge::connection& to, edge::frame body) {
    if (may_speak()) return edge_->send(to, std::move(body));
    std::vector<edge::outgoing> one;
    one.push_back({to, std::move(body)});
    keep(std::move(one));
  }
  void send(std::vector<edge::outgoing> frames) {
    may_speak() ? edge_->send(std::move(frames)) : keep(std::move(frames));
  }
  /// The lease was renewed.
  void go_on() {
    if (!keeps_) return;
    const std::lock_guard guard(mutex_);
    if (!lease_->is_held()) return;
    edge_->send(std::exchange(kept_, {}));
    keeps_ = false;
  }

private:
  /// The actors stand still without the store, so little is said meanwhile. Who misses an answer asks again.
  static constexpr std::size_t kept_max = 100'000;

  /// Not before what was kept: the order of one thread's frames stays.
  bool may_speak() const { return !lease_ || (!keeps_ && lease_->is_held()); }
  void keep(std::vector<edge::outgoing> frames) {
    const std::lock_guard guard(mutex_);
    if (!keeps_ && lease_->is_held()) return edge_->send(std::move(frames)); // it was renewed meanwhile
    keeps_ = true;
    for (auto& one : frames)
      if (kept_.size() < kept_max) kept_.push_back(std::move(one));
  }

  edge::edge* edge_ = nullptr;
  std::shared_ptr<const store::lease> lease_;
  std::atomic<bool> keeps_ = false;
  std::mutex mutex_; ///< guards what follows
  std::vector<edge::outgoing> kept_;
};

} // namespace causeway
