#pragma once
#include "messages/matrix/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace causeway {

/// The beginning of somebody else's text, for a log, a notification or the operator: at most `bytes_max` bytes, whole
/// characters, valid UTF-8 whatever came (bytes that are none become '?').
inline std::string excerpt(std::string_view text, std::size_t bytes_max) {
  auto end = std::min(text.size(), bytes_max);
  if (end < text.size())
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  std::string out{text.substr(0, end)};
  if (!matrix::json::is_utf8(out))
    for (auto& c : out)
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return out;
}

} // namespace causeway
