#pragma once
#include "config/gateway_options.hpp"
#include "messages/probe.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace causeway {

/// Looks at servers from outside for the operator (plugin/gateway/probe.hpp), one after the other, on a thread of its
/// own that is there only while somebody waits. Safe for threads.
class node_probes {
public:
  using callback = std::function<void(probe::report)>;
  /// That wait; a further one is answered with fault overloaded at once.
  static constexpr std::size_t waiting_max = 8;

  node_probes(config::gateway_options options, std::function<std::int64_t()> now_ms)
      : options_(std::move(options)), now_ms_(std::move(now_ms)) {}
  node_probes(const node_probes&) = delete;
  node_probes& operator=(const node_probes&) = delete;
  ~node_probes() { stop(); }

  /// Ends the one under way and answers it; those that wait, and later ones, are answered with fault stopping. Repeats
  /// are harmless.
  void stop();

  void look_at(std::string server, callback done);

private:
  void run();
  static void refuse(const std::string& server, const callback& done, fault why);

  const config::gateway_options options_;
  const std::function<std::int64_t()> now_ms_;
  std::mutex mutex_;
  std::deque<std::pair<std::string, callback>> waiting_; ///< guarded by mutex_
  bool runs_ = false;                                    ///< guarded by mutex_
  std::atomic<bool> stopping_ = false;                   ///< written under mutex_
  std::thread thread_;                                   ///< guarded by mutex_
};

} // namespace causeway
