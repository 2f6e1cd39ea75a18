#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace causeway::store {

/// How long a node counts as alive after a renewal; others look at the database's clock, milliseconds.
inline constexpr std::int64_t lease_ms = 5'000;
/// Without a renewal a node falls silent after so long of it: before another one may have taken its place. By this
/// machine's clock, which goes on while the process, or the machine, is stopped.
inline constexpr std::int64_t silence_after_ms = lease_ms * 7 / 10;

/// Milliseconds of CLOCK_BOOTTIME.
std::int64_t boot_time_ms();

/// Whether this node may still say and write something, as far as it can know by itself. Politeness: what keeps a node
/// that was replaced from writing is the fence of each commit. Thread-safe; cheap to ask.
class lease {
public:
  /// @param on_lost  another node has this one's place: called once, by the thread that finds out, before that thread
  /// tells anything else
  explicit lease(std::function<void(const std::string& why)> on_lost = {}) : on_lost_(std::move(on_lost)) {}

  bool is_held() const { return !is_lost_ && boot_time_ms() - renewed_ms_ < silence_after_ms; }
  /// For ever: the place of a node is never given back to the same process.
  bool is_lost() const { return is_lost_; }

  /// Of the node whose place this is; 0: it has asked for none. Told by whoever takes it.
  std::int64_t incarnation() const { return incarnation_; }
  void belongs_to(std::int64_t incarnation) { incarnation_ = incarnation; }

  /// @param at_ms  boot time when the renewal was sent
  void renewed(std::int64_t at_ms);
  void lose(const std::string& why);
  /// Called at each renewal, by the thread that renews. Set once, before anything is held back.
  void tell_renewals(std::function<void()> told);

private:
  std::atomic<bool> is_lost_ = false;
  std::atomic<std::int64_t> renewed_ms_ = 0, incarnation_ = 0;
  const std::function<void(const std::string&)> on_lost_;
  std::mutex mutex_; ///< guards what follows
  std::function<void()> told_;
};

} // namespace causeway::store
