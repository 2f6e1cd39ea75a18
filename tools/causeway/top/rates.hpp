#pragma once
#include "messages/matrix/json.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace causeway::tools::top {

/// How fast each actor works: since it was made, and lately. Adds to each row `rate_milli` (messages in a thousand
/// seconds) and `handling_ns` (nanoseconds a message) over the window, and the same with `whole_` in front since it was
/// made. What cannot be told yet is left out. Pure.
class actor_rates {
public:
  /// The window is between this and twice as long.
  static constexpr std::int64_t window_ms_min = 5'000;

  /// @param rows  actor_row as JSON
  void add_to(matrix::json::array& rows, std::int64_t now_ms);

  /// How long the window is now; 0: there is none yet.
  std::int64_t window_ms(std::int64_t now_ms) const { return base_.at_ms == 0 ? 0 : now_ms - base_.at_ms; }

private:
  struct sample {
    std::int64_t since_ms = 0, handled = 0, handling_us = 0;
  };
  struct snapshot {
    std::int64_t at_ms = 0; ///< 0: none
    std::map<std::string, sample> actors;
  };
  snapshot base_; ///< where the window begins
  snapshot next_; ///< where it will begin when this is old enough
};

} // namespace causeway::tools::top
