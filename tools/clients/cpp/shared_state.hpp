#pragma once

#include <condition_variable>
#include <mutex>

namespace causeway::client {

/// What the threads of the application and the I/O thread have in common: one lock, and one condition that tells of
/// every change of what the lock guards.
struct shared_state {
  std::mutex mutex;
  std::condition_variable changed;
  bool closed = false; ///< nothing is answered and nothing comes any more
};

} // namespace causeway::client
