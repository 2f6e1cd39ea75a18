#pragma once
#include "messages/fault.hpp"

#include <atomic>
#include <mutex>

namespace causeway {

/// Whether this node's clock is right enough to date what it signs: an event dated days ahead is held by every server
/// that gets it. Whoever watches the clock opens and closes it; who signs looks. Safe for threads.
class signing_gate {
public:
  void close(fault why) {
    std::lock_guard guard(mutex_);
    why_ = std::move(why);
    closed_ = true;
  }
  void open() { closed_ = false; }
  status look() const {
    if (!closed_) return ok();
    std::lock_guard guard(mutex_);
    return why_;
  }

private:
  mutable std::mutex mutex_;
  std::atomic<bool> closed_ = false;
  fault why_;
};

} // namespace causeway
