#pragma once
#include "actors/effects.hpp"
#include "messages/matrix/json.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace causeway::remote_server {

/// The last errors, for the operator. The oldest makes place.
class error_ring {
public:
  static constexpr std::size_t kept_max = 10;
  static constexpr std::size_t text_bytes_max = 300;

  void add(time_ms at, std::string_view phase, std::string_view text);
  /// [{ts, phase, text}], the latest first.
  matrix::json::array listed() const;

private:
  struct entry {
    time_ms ts = 0;
    std::string_view phase; ///< a word that lives for ever
    std::string text;
  };
  std::array<entry, kept_max> ring_;
  std::size_t count_ = 0; ///< ever
};

} // namespace causeway::remote_server
