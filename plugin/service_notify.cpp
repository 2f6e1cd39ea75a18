#include "plugin/service_notify.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace causeway {
namespace {

/// How long a message may wait for room in the manager's queue: a manager that stands still must not hold us up.
constexpr timeval send_patience{2, 0};

std::optional<std::uint64_t> number(const char* text) {
  if (!text || !*text) return {};
  std::uint64_t x = 0;
  const auto* end = text + std::strlen(text);
  const auto [stopped, problem] = std::from_chars(text, end, x);
  if (problem != std::errc{} || stopped != end) return {};
  return x;
}

/// Lines are what separates fields.
std::string one_line(std::string_view text) {
  std::string out{text};
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

} // namespace

service_environment service_environment::of(const std::function<const char*(const char*)>& variable, pid_t self) {
  service_environment out;
  if (const char* socket = variable("NOTIFY_SOCKET")) out.socket = socket;
  const auto microseconds = number(variable("WATCHDOG_USEC"));
  const auto pid = number(variable("WATCHDOG_PID"));
  const bool is_ours = !pid || *pid == static_cast<std::uint64_t>(self);
  constexpr auto longest = std::chrono::microseconds{std::chrono::hours{24 * 365}}; // beyond it nobody watches
  if (microseconds && *microseconds > 0 && *microseconds <= static_cast<std::uint64_t>(longest.count()) && is_ours)
    out.watchdog = std::chrono::microseconds{*microseconds};
  return out;
}

result<service_notify> service_notify::open(std::string_view socket) {
  service_notify out;
  if (socket.empty()) return out;
  if (socket.front() != '/' && socket.front() != '@')
    return fault{fault_code::invalid_param, "NOTIFY_SOCKET: neither a path nor the name of an abstract socket"};
  if (socket.size() >= sizeof sockaddr_un{}.sun_path)
    return fault{fault_code::invalid_param, "NOTIFY_SOCKET: longer than the address of a socket may be"};
  out.address_ = socket;
  if (out.address_.front() == '@') out.address_.front() = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fault{fault_code::internal, std::string{"NOTIFY_SOCKET: "} + std::strerror(errno)};
  out.socket_.emplace(fd);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send_patience, sizeof send_patience);
  return out;
}

status service_notify::send(const std::string& text) const {
  if (!socket_) return ok();
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  // Of an abstract name every byte counts; of a path the zero behind it belongs to the address.
  const bool is_path = address_.front() != '\0';
  const auto length = offsetof(sockaddr_un, sun_path) + address_.size() + (is_path ? 1 : 0);
  for (;;) {
    const auto sent = ::sendto(socket_->number(), text.data(), text.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(length));
    if (sent >= 0) return ok();
    if (errno != EINTR)
      return {fault_code::internal, std::string{"the service manager cannot be told: "} + std::strerror(errno)};
  }
}

status service_notify::ready(std::string_view about) { return send("READY=1\nSTATUS=" + one_line(about)); }

status service_notify::reloading() {
  // With the time the manager tells our `ready` for this reload from one that was on its way already.
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return send("RELOADING=1\nMONOTONIC_USEC=" +
              std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()) +
              "\nSTATUS=Reading the configuration again");
}

status service_notify::stopping() { return send("STOPPING=1\nSTATUS=Finishing what is under way"); }

status service_notify::alive() { return send("WATCHDOG=1"); }

status service_notify::watch_every(std::chrono::microseconds interval) {
  return send("WATCHDOG_USEC=" + std::to_string(interval.count()) + "\nWATCHDOG=1");
}

} // namespace causeway
