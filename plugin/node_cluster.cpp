#include "plugin/node_cluster.hpp"

#include <pthread.h>

#include <utility>

namespace causeway {

cluster_reader::cluster_reader(config::store_options options) : options_(std::move(options)) {}

cluster_reader::~cluster_reader() { stop(); }

void cluster_reader::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wakeup_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void cluster_reader::list_nodes(std::size_t limit, std::function<void(store::answer)> done) {
  ask([this, limit, done = std::move(done)] {
    auto found = store::read_nodes(options_, limit);
    done(found ? store::answer{std::move(*found)} : store::answer{found.error()});
  });
}

void cluster_reader::list_terms(std::size_t limit, std::function<void(result<std::vector<store::term>>)> done) {
  if (options_.engine != config::store_engine::postgresql) return done(std::vector<store::term>{});
  ask([this, limit, done = std::move(done)] { done(store::read_terms(options_, limit)); });
}

void cluster_reader::ask(std::function<void()> work) {
  {
    const std::lock_guard guard(mutex_);
    if (stopping_) return;
    waiting_.push_back(std::move(work));
    if (!thread_.joinable()) {
      thread_ = std::thread{[this] { run(); }};
      pthread_setname_np(thread_.native_handle(), "cluster-reader");
    }
  }
  wakeup_.notify_one();
}

void cluster_reader::run() {
  std::unique_lock guard(mutex_);
  for (;;) {
    wakeup_.wait(guard, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    auto work = std::move(waiting_.front());
    waiting_.pop_front();
    guard.unlock();
    work();
    guard.lock();
  }
}

} // namespace causeway
