#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace causeway::gateway {

/// How fast an answer has to be read: in each window of time so many bytes of it, or the rest. Counted by windows, not
/// since the beginning: what the kernel has taken at once must not buy minutes for a client that then stops.
class write_pace {
public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Times as fast while others wait for room.
  static constexpr std::size_t crowded_factor = 8;

  write_pace(std::uint64_t bytes_per_second_min, std::chrono::milliseconds window)
      : window_(window), bytes_per_window_(bytes_per_second_min * static_cast<std::uint64_t>(window.count()) / 1000) {}

  void begin(time_point now, bool crowded) {
    deadline_ = now + window_;
    wanted_ = bytes_per_window_ * (crowded ? crowded_factor : 1);
    moved_ = 0;
  }
  /// The window is over when nothing more was moved by then.
  time_point deadline() const { return deadline_; }
  /// @returns whether the window's due is done: a new one has begun, with a new deadline
  bool moved(std::size_t bytes, time_point now, bool crowded) {
    moved_ += bytes;
    if (moved_ < wanted_) return false;
    begin(now, crowded);
    return true;
  }

private:
  const std::chrono::milliseconds window_;
  const std::uint64_t bytes_per_window_;
  time_point deadline_{};
  std::uint64_t wanted_ = 0, moved_ = 0;
};

} // namespace causeway::gateway
