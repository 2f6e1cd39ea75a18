#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace causeway::media {

/// One thread that does jobs in the order they came; what blocks on the disk or burns the processor has no place
/// elsewhere.
class job_queue {
public:
  using job = std::function<void()>;

  explicit job_queue(std::size_t waiting_max) : waiting_max_(waiting_max), thread_([this] { run(); }) {}
  job_queue(const job_queue&) = delete;
  job_queue& operator=(const job_queue&) = delete;
  ~job_queue() { stop(); }

  /// False at the bound: whoever asked is to be told so. Any thread.
  bool post(job x) { return add(std::move(x), waiting_max_); }
  /// For jobs whose number is bounded elsewhere. Any thread.
  void post_always(job x) { add(std::move(x), static_cast<std::size_t>(-1)); }
  /// Ends after the present job; what waits is dropped. Repeats are harmless. Not from a job.
  void stop() {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    wakeup_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

private:
  bool add(job x, std::size_t waiting_max) {
    {
      const std::lock_guard lock{mutex_};
      if (stopping_) return true; // nobody is there to be told
      if (waiting_.size() >= waiting_max) return false;
      waiting_.push_back(std::move(x));
    }
    wakeup_.notify_one();
    return true;
  }
  void run() {
    std::unique_lock lock{mutex_};
    for (;;) {
      wakeup_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      auto next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      next();
      next = nullptr; // what it holds is let go outside of the lock
      lock.lock();
    }
  }

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<job> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace causeway::media
