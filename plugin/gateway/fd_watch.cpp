#include "plugin/gateway/fd_watch.hpp"

#include <spdlog/spdlog.h>

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace causeway::gateway {
namespace {

int new_epoll() {
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}

} // namespace

fd_watch::fd_watch(boost::asio::io_context& io, handler on_ready)
    : on_ready_(std::move(on_ready)), epoll_(io, new_epoll()) {
  wait();
}

fd_watch::~fd_watch() = default;

void fd_watch::set(int fd, bool readable, bool writable) {
  const std::uint32_t wanted = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
  epoll_event event{};
  event.events = wanted;
  event.data.fd = fd;
  if (wanted == 0) {
    if (watched_.erase(fd) > 0)
      epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, fd, nullptr); // the owner may have closed it
    return;
  }
  // The number may have been closed and given out again behind our back: then the kernel forgot it, or never knew it.
  const int first = watched_.contains(fd) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(epoll_.native_handle(), first, fd, &event) != 0) {
    const int second = errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(epoll_.native_handle(), second, fd, &event) != 0) {
      // A C library called us, so no exception: what waits for this descriptor runs into its time-out.
      spdlog::error("G612 gateway: cannot watch a descriptor: {}", std::generic_category().message(errno));
      return;
    }
  }
  watched_[fd] = wanted;
}

void fd_watch::wait() {
  epoll_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    dispatch();
    wait();
  });
}

void fd_watch::dispatch() {
  std::array<epoll_event, 64> events; // the rest is still ready at the next wait: others on this thread get their turn
  const int count = epoll_wait(epoll_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    const auto happened = events[static_cast<std::size_t>(i)].events;
    if (!watched_.contains(fd)) continue; // an earlier event of this round ended it
    const bool broken = (happened & (EPOLLERR | EPOLLHUP)) != 0;
    on_ready_(fd, broken || (happened & EPOLLIN) != 0, broken || (happened & EPOLLOUT) != 0);
  }
}

} // namespace causeway::gateway
