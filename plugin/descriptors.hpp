#pragma once
#include "messages/fault.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

/// Out of descriptors is death: libzmq ends the process when it gets none, SQLite fails commits. So they are shared out
/// at start, and who connects from outside never gets the last ones.
namespace causeway {

/// For the store, the edges with their peers, threads, the log, name servers: what the process needs beside HTTPS.
inline constexpr std::size_t reserved_descriptors = 48;

/// What HTTPS may open.
struct descriptor_share {
  std::size_t inbound = 0, outbound = 0;
};

/// @param limit           descriptors the process may open
/// @param inbound_requested  gateway.connections_max
/// @returns fault invalid_param where the limit is too low to serve anybody
inline result<descriptor_share> share_descriptors(std::size_t limit, std::size_t inbound_requested) {
  constexpr std::size_t least = 8; // of each
  constexpr std::size_t outbound_max = 4'096;
  if (limit < reserved_descriptors + 2 * least)
    return {fault_code::invalid_param, "the process may open " + std::to_string(limit) + " descriptors, at least " +
                                         std::to_string(reserved_descriptors + 2 * least) +
                                         " are needed: raise the limit (ulimit -n, LimitNOFILE=)"};
  const auto rest = limit - reserved_descriptors;
  const auto outbound = std::clamp(rest / 4, least, outbound_max);
  return descriptor_share{std::min(inbound_requested, rest - outbound), outbound};
}

/// Raises the soft limit of this process to the hard one. @returns the limit that holds from now on
inline std::size_t raise_descriptor_limit() {
  rlimit now{};
  if (getrlimit(RLIMIT_NOFILE, &now) != 0) return 1'024;
  if (now.rlim_cur < now.rlim_max) {
    auto wanted = now;
    wanted.rlim_cur = now.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) now = wanted;
  }
  return static_cast<std::size_t>(std::min<rlim_t>(now.rlim_cur, 1'000'000));
}

} // namespace causeway
