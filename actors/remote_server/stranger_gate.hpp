#pragma once
#include "actors/due.hpp"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace causeway::remote_server {

/// Who is heard before they have proved who they are. The origin of a request is a claim until its signature is
/// checked, and every claimed name costs an actor, a read of the store and a key fetch: names are free to invent, so
/// their number is bounded. A server that was answered with success before is always heard; so is one whose keys are on
/// disk: it was dealt with before this start.
class stranger_gate {
public:
  static constexpr std::size_t strangers_max = 2'000;
  /// So long a name counts after it was last heard: as long as its actor lives at least.
  static constexpr time_ms stranger_ms = 30'000;
  /// Servers remembered as proved; beyond twice as many those not heard of for longest are strangers again.
  static constexpr std::size_t proved_max = 100'000;

  /// Strangers that come from one address: one machine cannot use up the places of all.
  static constexpr std::size_t strangers_of_address_max = 500;

  /// Whether a request in that name is handed on.
  /// @param address  whom it came from (messages/peer_address.hpp); empty: not known, not counted
  bool admit(const std::string& origin, time_ms now, const std::string& address = {}) {
    if (is_proved(origin)) return true;
    if (auto it = strangers_.find(origin); it != strangers_.end()) {
      it->second.heard = now;
      return true;
    }
    const auto is_full = [&] {
      const auto of_address = address.empty() ? by_address_.end() : by_address_.find(address);
      return strangers_.size() >= strangers_max ||
             (of_address != by_address_.end() && of_address->second >= strangers_of_address_max);
    };
    if (is_full() && !is_within(swept_, sweep_ms, now)) sweep(now);
    if (is_full()) return false;
    strangers_.emplace(origin, stranger{now, address});
    if (!address.empty()) ++by_address_[address];
    return true;
  }
  /// Its signature was found valid, now or before this start.
  void prove(const std::string& origin) {
    if (auto it = strangers_.find(origin); it != strangers_.end()) {
      leave(it->second);
      strangers_.erase(it);
    }
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

  struct stranger {
    time_ms heard = 0;
    std::string address; ///< of its first request
  };
  void leave(const stranger& x) {
    if (const auto it = by_address_.find(x.address); it != by_address_.end() && --it->second == 0)
      by_address_.erase(it);
  }
  void sweep(time_ms now) {
    swept_ = now;
    std::erase_if(strangers_, [&](const auto& s) {
      const bool gone = is_due(s.second.heard + stranger_ms, now, stranger_ms);
      if (gone) leave(s.second);
      return gone;
    });
  }

  std::unordered_map<std::string, stranger> strangers_;
  std::unordered_map<std::string, std::size_t> by_address_; ///< strangers of each
  time_ms swept_ = 0;
  std::unordered_set<std::string> proved_, proved_before_;
};

} // namespace causeway::remote_server
