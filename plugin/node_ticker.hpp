#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace causeway {

/// Calls a function on a thread of its own, with a pause before each call, until it is stopped.
class node_ticker {
public:
  node_ticker(std::chrono::milliseconds pause, std::function<void()> work)
      : thread_([this, pause, work = std::move(work)] { run(pause, work); }) {}
  ~node_ticker() { stop(); }
  node_ticker(const node_ticker&) = delete;
  node_ticker& operator=(const node_ticker&) = delete;

  /// When it returns the function does not run and will not; a call under way is finished first. Repeats are harmless.
  /// @pre not called by the function
  void stop() {
    {
      const std::lock_guard guard(mutex_);
      is_stopping_ = true;
    }
    wakeup_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

private:
  void run(std::chrono::milliseconds pause, const std::function<void()>& work) {
    std::unique_lock guard(mutex_);
    while (!wakeup_.wait_for(guard, pause, [this] { return is_stopping_; })) {
      guard.unlock();
      work();
      guard.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool is_stopping_ = false;
  std::thread thread_; ///< last: it uses what stands before
};

} // namespace causeway
