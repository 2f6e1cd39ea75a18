#pragma once
#include "causeway_client.hpp"
#include "shared_state.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

namespace causeway::client {

/// Events that wait for the application. The I/O thread puts them in, any thread takes them out.
class event_queue {
public:
  struct amount {
    std::uint64_t messages = 0, bytes = 0; ///< bytes of bodies
  };

  explicit event_queue(shared_state& shared) : shared_(shared) {}

  /// @returns false: it is of a pass of its stream that the application has refused, and was dropped
  bool push(event x);
  /// The first one; nothing within `timeout`, or closed.
  std::optional<event> next(std::chrono::milliseconds timeout);
  amount waiting() const;

  /// From here on the application gets no event of the pass it has refused, not even one that is just coming in.
  /// @returns what was dropped
  amount begin_void(std::uint32_t stream);
  /// The I/O thread takes over: it knows by itself what is void.
  void end_void(std::uint32_t stream);

private:
  shared_state& shared_; ///< its mutex guards what follows
  std::deque<event> events_;
  std::map<std::uint32_t, int> void_; ///< streams with a NACK or SEEK that the I/O thread has not seen yet
};

} // namespace causeway::client
