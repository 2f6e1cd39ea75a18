#pragma once
#include "messages/edge/frame.hpp"

#include <cstddef>
#include <deque>
#include <utility>

namespace causeway::edge {

/// Frames a socket has not taken yet: a pipe to a peer that does not read is full, and ZeroMQ then refuses a message
/// (EAGAIN) as if it had never been sent. What comes while something waits goes behind it, so nothing overtakes and
/// nothing is lost; what is at the bound is the owner's to decide. It belongs to one connection: the next one begins
/// with `clear`.
///
/// `take(frame&)` hands a whole frame to the socket. @returns false: it took nothing of it, the frame is as it was
class unsent_frames {
public:
  struct bounds {
    std::size_t frames_max = 10'000;
    std::size_t bytes_max = 16 * 1024 * 1024; ///< of headers and bodies; one frame always fits
  };
  unsent_frames() : unsent_frames(bounds{}) {}
  explicit unsent_frames(bounds b) : bounds_(b) {}

  /// Sends, or keeps for `flush`. @returns false: it is at its bound, the frame is dropped
  template <class Take>
  bool send(frame x, Take&& take) {
    if (frames_.empty() && take(x)) return true;
    const auto bytes = size_of(x);
    if (frames_.size() >= bounds_.frames_max || (bytes_ + bytes > bounds_.bytes_max && !frames_.empty())) return false;
    frames_.push_back(std::move(x));
    bytes_ += bytes;
    return true;
  }
  /// Sends what waits, as far as the socket takes it. @returns true: nothing waits any more
  template <class Take>
  bool flush(Take&& take) {
    while (!frames_.empty()) {
      const auto bytes = size_of(frames_.front()); // taking may move the texts away
      if (!take(frames_.front())) return false;
      bytes_ -= bytes;
      frames_.pop_front();
    }
    return true;
  }
  void clear() {
    frames_.clear();
    bytes_ = 0;
  }
  bool empty() const { return frames_.empty(); }
  std::size_t size() const { return frames_.size(); }
  std::size_t bytes() const { return bytes_; }

private:
  static std::size_t size_of(const frame& x) { return x.header.size() + x.body.size(); }

  bounds bounds_;
  std::deque<frame> frames_;
  std::size_t bytes_ = 0;
};

} // namespace causeway::edge
