#pragma once
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <unordered_map>

namespace causeway::gateway {

/// Watches descriptors that belong to a library (libcurl, c-ares) on an Asio thread. They sit in an epoll set of their
/// own, whose descriptor Asio watches: libraries close and reopen descriptors as they like, which Asio's own
/// descriptor objects do not survive. Cost: per event, not per watched descriptor. One thread only.
class fd_watch {
public:
  using handler = std::function<void(int fd, bool readable, bool writable)>;

  /// @throws std::system_error when the kernel gives no epoll descriptor
  fd_watch(boost::asio::io_context& io, handler on_ready);
  fd_watch(const fd_watch&) = delete;
  fd_watch& operator=(const fd_watch&) = delete;
  ~fd_watch();

  /// Watches `fd` for what is true; neither: forgets it.
  void set(int fd, bool readable, bool writable);

private:
  void wait();
  void dispatch();

  handler on_ready_;
  boost::asio::posix::stream_descriptor epoll_;
  std::unordered_map<int, std::uint32_t> watched_;
};

} // namespace causeway::gateway
