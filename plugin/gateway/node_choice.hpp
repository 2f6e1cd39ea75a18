#pragma once
#include <chrono>
#include <cstddef>
#include <optional>

namespace causeway::gateway {

/// Which of several nodes a gateway goes to: the one that answers, else the next one after a while, round and round. Of
/// nodes that share a store only the one that serves listens for gateways, so nobody has to be asked who that is.
class node_choice {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The first one's time begins `now`. @param patience  longer than a link takes to greet
  node_choice(std::size_t count, std::chrono::milliseconds patience, time_point now)
      : count_(count), patience_(patience), last_up_(now) {}

  /// @param is_up  whether the link to the node at hand is
  /// @returns the node to go to from now on; nothing: the one at hand
  std::optional<std::size_t> look(bool is_up, time_point now) {
    if (is_up) last_up_ = now;
    if (count_ < 2 || now - last_up_ < patience_) return std::nullopt;
    last_up_ = now;
    return at_ = (at_ + 1) % count_;
  }

private:
  const std::size_t count_;
  const std::chrono::milliseconds patience_;
  std::size_t at_ = 0;
  time_point last_up_; ///< or since when it is tried
};

} // namespace causeway::gateway
