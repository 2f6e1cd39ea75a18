#pragma once
#include "actors/bounded_map.hpp"
#include "actors/effects.hpp"

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace causeway {

/// Which servers have answered a transaction of this node lately, whatever room it was about. A room with a crowd of
/// servers sends to those first: the others may be dead, and nobody waits for a dead one. In memory only, a hint:
/// nothing but the order and the time of sending depends on it. Safe for threads.
class answering_servers {
public:
  /// An answer counts so long.
  static constexpr time_ms lately_ms = 10'000;
  /// Servers remembered; the one that answered longest ago makes room.
  static constexpr std::size_t servers_max = 50'000;

  void answered(const std::string& server, time_ms now);
  /// A transaction to it failed or was refused.
  void failed(const std::string& server);
  /// Of `servers` those that have answered lately, the latest first; they are taken out, the others keep their order.
  std::vector<std::string> take_from(std::vector<std::string>& servers, time_ms now);
  /// Whether half of `servers` have answered lately.
  bool mostly(const std::vector<std::string>& servers, time_ms now);

private:
  bool is_late(const time_ms* at, time_ms now) const;

  std::mutex mutex_;
  bounded_map<std::string, time_ms> last_{servers_max};
};

} // namespace causeway
