#include "plugin/edge/outbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace causeway::edge {

outbox::outbox() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

outbox::~outbox() { ::close(descriptor_); }

void outbox::put(std::vector<outgoing> frames) {
  bool first = false;
  {
    const std::lock_guard guard{mutex_};
    first = frames_.empty() && refused_.empty();
    for (auto& x : frames) {
      const auto size = x.body.header.size() + x.body.body.size();
      if (frames_.size() >= frames_max || (bytes_ + size > bytes_max && !frames_.empty())) {
        if (std::ranges::find(refused_, x.to) == refused_.end()) refused_.push_back(x.to);
      } else {
        bytes_ += size;
        frames_.push_back(std::move(x));
      }
    }
  }
  if (first) wake();
}

void outbox::wake() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the descriptor is readable anyway.
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
}

void outbox::take(std::vector<outgoing>& frames, std::vector<connection>& refused) {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(descriptor_, &count, sizeof count);
  frames.clear();
  refused.clear();
  const std::lock_guard guard{mutex_};
  frames_.swap(frames);
  refused_.swap(refused);
  bytes_ = 0;
}

} // namespace causeway::edge
