#pragma once
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

/// Row keys that keep a table in the order of its growth.
namespace causeway::store {

/// A write the engine refuses, whatever the state of the disk: its batch is guilty. Never leaves plugin/store.
struct invalid_write : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline constexpr int packed_low_bits = 40;
inline constexpr std::int64_t packed_low_max = (std::int64_t{1} << packed_low_bits) - 1;
inline constexpr std::int64_t packed_high_max = (std::int64_t{1} << 23) - 1;

/// (small number, growing number) as one row key: the rows of one room, server or stream lie together, in order.
/// @throws invalid_write when one does not fit: 8 million rooms or servers, 10^12 rows of each
inline std::int64_t packed(std::int64_t high, std::int64_t low) {
  if (high < 0 || high > packed_high_max || low < 0 || low > packed_low_max)
    throw invalid_write{"number out of range: " + std::to_string(high) + ", " + std::to_string(low)};
  return (high << packed_low_bits) | low;
}
/// The first and the last key there may be of one room, server or stream.
inline std::int64_t first_of(std::int64_t high) { return packed(high, 0); }
inline std::int64_t last_of(std::int64_t high) { return packed(high, packed_low_max); }
constexpr std::int64_t high_of(std::int64_t key) { return key >> packed_low_bits; }
constexpr std::int64_t low_of(std::int64_t key) { return key & packed_low_max; }

/// SipHash-2-4 under a key drawn when the store was made, so nobody outside can prepare ids that collide.
/// Keeps the lowest `bits`, at most 63: 47 of them fill an SQLite integer of 6 bytes.
struct id_hasher {
  std::array<unsigned char, 16> key{};
  int bits = 47;
  std::int64_t operator()(std::string_view id) const;
};

} // namespace causeway::store
