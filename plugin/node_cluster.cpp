#include "plugin/node_cluster.hpp"

#include <pthread.h>

#include <utility>

namespace causeway {

cluster_reader::cluster_reader(config::store_options options, std::chrono::milliseconds patience)
    : options_(std::move(options)), patience_(patience) {}

cluster_reader::~cluster_reader() { stop(); }

void cluster_reader::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wakeup_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void cluster_reader::list_nodes(std::size_t limit, const std::function<void(store::answer)>& done) {
  ask({[this, limit, done] {
         auto found = store::read_nodes(options_, limit);
         done(found ? store::answer{std::move(*found)} : store::answer{found.error()});
       },
       [done](const fault& why) { done(why); }});
}

void cluster_reader::list_terms(std::size_t limit, const std::function<void(result<std::vector<store::term>>)>& done) {
  if (options_.engine != config::store_engine::postgresql) return done(std::vector<store::term>{});
  ask({[this, limit, done] { done(store::read_terms(options_, limit)); }, [done](const fault& why) { done(why); }});
}

void cluster_reader::ask(question x) {
  {
    std::unique_lock guard(mutex_);
    if (stopping_) return;
    if (waiting_.size() >= waiting_max) {
      guard.unlock();
      return x.refuse({fault_code::overloaded, "too many questions about the nodes wait for the database"});
    }
    waiting_.push_back(std::move(x));
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
    {
      const auto next = std::move(waiting_.front());
      waiting_.pop_front();
      guard.unlock();
      if (std::chrono::steady_clock::now() - next.asked_at <= patience_) next.answer();
      else next.refuse({fault_code::timed_out, "the database took too long to tell of the nodes; ask again"});
    }
    guard.lock();
  }
}

} // namespace causeway
