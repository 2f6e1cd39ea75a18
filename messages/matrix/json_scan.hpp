#pragma once
#include <bit>
#include <cstdint>
#include <cstring>

/// Eight bytes at a time: the search for the next byte of a JSON string that needs a closer look. Parser and writer
/// share it.
namespace causeway::matrix::json {

constexpr std::uint64_t each_byte(unsigned char x) { return 0x0101010101010101ull * x; }

/// Marks, in the high bit of their bytes, control characters, quotes and backslashes among eight bytes. The lowest mark
/// is always right; a byte above it may be marked falsely, for the subtraction borrows.
inline std::uint64_t marks_of_escapes(std::uint64_t eight) {
  const auto quote = eight ^ each_byte('"');
  const auto backslash = eight ^ each_byte('\\');
  const auto found = ((eight - each_byte(0x20)) & ~eight) | ((quote - each_byte(1)) & ~quote) |
                     ((backslash - each_byte(1)) & ~backslash);
  return found & each_byte(0x80);
}

/// The same for the bytes that end a run of plain ASCII: those of `marks_of_escapes`, and all non-ASCII.
inline std::uint64_t marks_of_run_ends(std::uint64_t eight) {
  return marks_of_escapes(eight) | (eight & each_byte(0x80));
}

inline bool needs_escape(char x) { return static_cast<unsigned char>(x) < 0x20 || x == '"' || x == '\\'; }
inline bool ends_run(char x) { return needs_escape(x) || static_cast<unsigned char>(x) >= 0x80; }

/// The first byte from `at` on that `marks` marks and `stops` confirms, or `end`.
template <class Marks, class Stops>
const char* scan(const char* at, const char* end, Marks marks, Stops stops) {
  while (end - at >= 8) {
    std::uint64_t eight;
    std::memcpy(&eight, at, 8);
    if (const auto found = marks(eight)) {
      // Memory order is byte order only here; elsewhere the bytes are looked at one by one.
      if constexpr (std::endian::native == std::endian::little) return at + std::countr_zero(found) / 8;
      break;
    }
    at += 8;
  }
  while (at != end && !stops(*at)) ++at;
  return at;
}

} // namespace causeway::matrix::json
