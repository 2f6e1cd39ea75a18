#pragma once
#include "messages/edge/frame.hpp"

#include <cstddef>
#include <mutex>
#include <vector>

namespace causeway::edge {

struct outgoing {
  connection to;
  frame body;
};

/// Many threads put, the poller takes: a mutex, a swap, and an eventfd that is written when the first frame comes in.
class outbox {
public:
  outbox();
  ~outbox();
  outbox(const outbox&) = delete;
  outbox& operator=(const outbox&) = delete;

  /// Readable while something waits, and after wake().
  int descriptor() const { return descriptor_; }
  /// In this order, behind what waits.
  void put(std::vector<outgoing> frames);
  void wake();
  /// Everything that waits. @param refused  Connections whose frames did not fit: the poller stood still for too long.
  void take(std::vector<outgoing>& frames, std::vector<connection>& refused);

private:
  /// The poller empties this thousands of times a second; only a stuck one lets it grow so far.
  static constexpr std::size_t frames_max = 1'000'000;
  static constexpr std::size_t bytes_max = std::size_t{1024} * 1024 * 1024;

  int descriptor_;
  std::mutex mutex_;
  std::vector<outgoing> frames_;
  std::vector<connection> refused_;
  std::size_t bytes_ = 0;
};

} // namespace causeway::edge
