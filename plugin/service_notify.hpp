#pragma once
#include "messages/fault.hpp"
#include "plugin/private_files.hpp"

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace causeway {

/// What the service manager asks of us, by variables of the environment (sd_notify(3), sd_watchdog_enabled(3)).
struct service_environment {
  std::string socket; ///< where it listens; empty: nobody does
  /// It ends us when it has heard no sign of life for so long. None: it does not watch.
  std::optional<std::chrono::microseconds> watchdog;

  /// @param variable  as std::getenv
  /// @param self      a watchdog that is meant for another process is none of ours
  static service_environment of(const std::function<const char*(const char*)>& variable, pid_t self);
};

/// Tells the service manager how we are: one datagram per message to the socket it named. The protocol is systemd's and
/// stable; it is spoken here rather than by libsystemd, which would be a dependency of every build for five datagrams.
/// Where no manager listens every call does nothing and succeeds.
class service_notify {
public:
  /// @param socket  a path, or `@name` for an abstract socket; empty: nobody listens
  /// @returns invalid_param (no such kind of address, too long), internal (no descriptor)
  static result<service_notify> open(std::string_view socket);

  /// The start is over; `about` is what `systemctl status` shows, one line. Also the end of a reload.
  status ready(std::string_view about);
  /// Our files are read again; the manager waits for `ready`.
  status reloading();
  status stopping();
  /// A sign of life for the watchdog.
  status alive();
  /// The watchdog's interval is this one from now on, and begins anew. Of use only where the manager watches.
  status watch_every(std::chrono::microseconds interval);

private:
  status send(const std::string& text) const;

  std::optional<descriptor> socket_; ///< none: nobody listens
  std::string address_;              ///< as in sockaddr_un, an abstract one begins with a zero
};

} // namespace causeway
