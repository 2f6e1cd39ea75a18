#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace causeway::gateway {

/// A line of the log that others can bring about as often as they like: it is written at most once in a while, with how
/// often there was reason to. Thread-safe.
class repeated_line {
public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds pause{10};

  /// Once more. @returns the number of times since the line was last written, when it is to be written now
  std::optional<std::uint64_t> again(time_point now) {
    const std::lock_guard lock{mutex_};
    ++total_;
    ++unsaid_;
    if (said_ && now < *said_ + pause) return std::nullopt;
    said_ = now;
    return std::exchange(unsaid_, 0);
  }
  std::uint64_t total() const {
    const std::lock_guard lock{mutex_};
    return total_;
  }

private:
  mutable std::mutex mutex_;
  std::optional<time_point> said_;
  std::uint64_t total_ = 0, unsaid_ = 0;
};

} // namespace causeway::gateway
