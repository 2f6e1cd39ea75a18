#pragma once
#include "config/store_options.hpp"
#include "messages/fault.hpp"
#include "messages/store.hpp"
#include "plugin/store/term_rows.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace causeway {

/// Reads what the nodes of a shared store say of themselves, on connections and a thread of its own: a node that stands
/// by has no store to ask. Callbacks run on that thread, or not at all when this ends before; that of a question too
/// many runs at once.
class cluster_reader {
public:
  /// Further ones are answered `overloaded`.
  static constexpr std::size_t waiting_max = 32;
  /// @param patience  what has waited for longer is answered `timed_out`: whoever asked has gone
  explicit cluster_reader(config::store_options options, std::chrono::milliseconds patience = std::chrono::seconds{10});
  ~cluster_reader(); ///< stops
  cluster_reader(const cluster_reader&) = delete;

  void list_nodes(std::size_t limit, const std::function<void(store::answer)>& done);
  /// The latest first. A store of one process has none.
  void list_terms(std::size_t limit, const std::function<void(result<std::vector<store::term>>)>& done);

  /// Waits for the question that is under way, and drops the others and those that come. Repeats are harmless.
  void stop();

private:
  struct question {
    std::function<void()> answer;
    std::function<void(const fault&)> refuse;
    std::chrono::steady_clock::time_point asked_at = std::chrono::steady_clock::now();
  };

  void ask(question x);
  void run();

  const config::store_options options_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_; ///< guards what follows
  std::condition_variable wakeup_;
  std::deque<question> waiting_; ///< at most `waiting_max`
  bool stopping_ = false;
  std::thread thread_; ///< from the first question on
};

} // namespace causeway
