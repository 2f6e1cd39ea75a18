#pragma once
#include "config/store_options.hpp"
#include "messages/store.hpp"
#include "plugin/store/term_rows.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace causeway {

/// Reads what the nodes of a shared store say of themselves, on connections and a thread of its own: a node that stands
/// by has no store to ask. Callbacks run on that thread, or not at all when this ends before.
class cluster_reader {
public:
  explicit cluster_reader(config::store_options options);
  ~cluster_reader(); ///< stops
  cluster_reader(const cluster_reader&) = delete;

  void list_nodes(std::size_t limit, std::function<void(store::answer)> done);
  /// The latest first. A store of one process has none.
  void list_terms(std::size_t limit, std::function<void(result<std::vector<store::term>>)> done);

  /// Waits for the question that is under way, and drops the others and those that come. Repeats are harmless.
  void stop();

private:
  void ask(std::function<void()> work);
  void run();

  const config::store_options options_;
  std::mutex mutex_; ///< guards what follows
  std::condition_variable wakeup_;
  std::deque<std::function<void()>> waiting_; ///< bounded by the commands that operators may have open
  bool stopping_ = false;
  std::thread thread_; ///< from the first question on
};

} // namespace causeway
