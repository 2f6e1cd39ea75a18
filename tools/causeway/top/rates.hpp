#pragma once
#include "messages/matrix/json.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace causeway::tools::top {

/// How fast each actor works: since it was made, and lately. Adds to each row `rate_milli` (messages in a thousand
/// seconds) and `handling_ns` (nanoseconds a message) over the window, and the same with `whole_` in front since it was
/// made. What cannot be told yet is left out: of one that has come into sight just now, unless it was made just now.
/// Pure.
class actor_rates {
public:
  /// The window is between this and twice as long.
  static constexpr std::int64_t window_ms_min = 5'000;

  /// @param rows  actor_row as JSON
  void add_to(matrix::json::array& rows, std::int64_t now_ms);

  /// How long the longest window was at the last answer; 0: there is none yet.
  std::int64_t window_ms() const { return window_ms_; }

private:
  struct sample {
    std::int64_t at_ms = 0, handled = 0, handling_us = 0;
  };
  struct seen {
    std::int64_t since_ms = 0, last_ms = 0;
    sample base; ///< where its window begins
    sample next; ///< where it will begin when this is old enough; `at_ms` 0: none
  };
  /// Takes down how it is now. @returns where its window begins; null: it was not known before
  const sample* begin_of(const std::string& name, std::int64_t since_ms, const sample& now);

  std::map<std::string, seen> actors_;
  std::int64_t asked_ms_ = 0; ///< when the last answer came; 0: never
  std::int64_t window_ms_ = 0;
};

} // namespace causeway::tools::top
