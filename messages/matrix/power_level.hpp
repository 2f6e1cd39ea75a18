#pragma once
#include "messages/matrix/json.hpp"
#include "messages/matrix/room_version.hpp"

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

/// A power level as the rules compare it.
namespace causeway::matrix {

/// Power of a creator of a version 12 room: above every level that can be written.
inline constexpr std::int64_t infinite_power = std::numeric_limits<std::int64_t>::max();

/// An integer of any size. Up to version 9 a level may be a text of thousands of digits (up to version 5 also a float
/// such as 1e300), and servers compare such levels exactly.
class power_level {
public:
  power_level() = default;
  power_level(std::int64_t x) : near_{x} {}
  /// @param digits  ASCII digits, at least one; leading zeros are allowed
  static power_level from_digits(bool negative, std::string_view digits);

  /// The level, or the nearest one that is less than `infinite_power` in magnitude.
  std::int64_t clamped() const { return near_; }

  bool operator==(const power_level&) const = default;
  std::strong_ordering operator<=>(const power_level& x) const;

private:
  std::int64_t near_ = 0;
  std::string digits_; ///< the magnitude, where `near_` can not hold it; its sign is that of `near_`
};

/// A text that is an integer to Python's `int()`: white space around it, a sign, `_` between digits, the decimal digits
/// of any script, at most 4,300 of them.
std::optional<power_level> read_integer(std::string_view text);

/// A level as the room's version writes it: an integer; up to version 9 whatever Python's `int()` makes one of, for
/// that is how Synapse reads levels: a boolean (true is 1), a float (its fraction is cut off), a text.
/// @returns nothing for any other value
std::optional<power_level> read_level(const json::value& x, const room_version_rules& rules);

} // namespace causeway::matrix
