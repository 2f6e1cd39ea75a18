#pragma once
#include "actors/effects.hpp"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace causeway::remote_server {

/// Who is heard before he has proved who he is. The origin of a request is a claim until its signature is checked, and every claimed name
/// costs an actor, a read of the store and a key fetch: names are free to invent, so their number is bounded. A server that was answered
/// with success before is always heard.
class stranger_gate {
public:
  static constexpr std::size_t strangers_max = 2'000;
  /// So long a name counts after it was last heard: as long as its actor lives at least.
  static constexpr time_ms stranger_ms = 30'000;
  /// Servers remembered as proved; beyond twice as many those not heard of for longest are strangers again.
  static constexpr std::size_t proved_max = 20'000;

  /// Whether a request in that name is handed on.
  bool admit(const std::string& origin, time_ms now) {
    if (is_proved(origin)) return true;
    if (auto it = strangers_.find(origin); it != strangers_.end()) {
      it->second = now;
      return true;
    }
    if (strangers_.size() >= strangers_max && now >= swept_ + sweep_ms) {
      swept_ = now;
      std::erase_if(strangers_, [&](const auto& s) { return s.second + stranger_ms <= now; });
    }
    if (strangers_.size() >= strangers_max) return false;
    strangers_.emplace(origin, now);
    return true;
  }
  /// Its signature was found valid.
  void prove(const std::string& origin) {
    strangers_.erase(origin);
    proved_.insert(origin);
    if (proved_.size() < proved_max) return;
    proved_before_ = std::exchange(proved_, {});
  }
  bool is_proved(const std::string& origin) {
    if (proved_.contains(origin)) return true;
    if (!proved_before_.contains(origin)) return false;
    prove(origin);
    return true;
  }

private:
  /// All strangers are gone through this often at most.
  static constexpr time_ms sweep_ms = 250;

  std::unordered_map<std::string, time_ms> strangers_; ///< -> when last heard
  time_ms swept_ = 0;
  std::unordered_set<std::string> proved_, proved_before_;
};

} // namespace causeway::remote_server
