#include "messages/matrix/power_level.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace causeway::matrix {

namespace {

constexpr std::int64_t level_max = infinite_power - 1;

/// What Python refuses to read as an integer (`sys.int_info.default_max_str_digits`).
constexpr std::size_t digits_max = 4300;

/// Code points of the digit zero in each script (category Nd of Unicode 15); its other nine follow it.
constexpr std::array<char32_t, 67> zeros{
  0x30,    0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,   0xc66,   0xce6,
  0xd66,   0xde6,   0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,  0x1810,  0x1946,  0x19d0,  0x1a80,
  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,  0xa8d0,  0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,
  0xff10,  0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0,
  0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8,
  0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e950};
constexpr char32_t last_zero = 0x1fbf0;

std::optional<char> digit_of(char32_t x) {
  if (x >= last_zero)
    return x < last_zero + 10 ? std::optional{static_cast<char>('0' + (x - last_zero))} : std::nullopt;
  const auto after = std::upper_bound(zeros.begin(), zeros.end(), x);
  if (after == zeros.begin() || x - after[-1] > 9) return std::nullopt;
  return static_cast<char>('0' + (x - after[-1]));
}

/// White space to Python's `int()`.
bool is_white(char32_t x) {
  return (x >= 0x9 && x <= 0xd) || x == 0x20 || x == 0x85 || x == 0xa0 || x == 0x1680 || (x >= 0x2000 && x <= 0x200a) ||
         x == 0x2028 || x == 0x2029 || x == 0x202f || x == 0x205f || x == 0x3000;
}

/// Takes a code point from the front. @pre well-formed UTF-8, not empty
char32_t take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  char32_t x = size == 1 ? first : first & (0x7f >> size);
  for (std::size_t i = 1; i < size && i < text.size(); ++i) x = x << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  text.remove_prefix(std::min(size, text.size()));
  return x;
}

/// `text` with digits of all scripts as ASCII ones and white space as blanks; anything else that is not ASCII as '?'.
std::string in_ascii(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto x = take_code_point(text);
    if (const auto digit = digit_of(x)) out += *digit;
    else if (is_white(x)) out += ' ';
    else out += x < 0x80 ? static_cast<char>(x) : '?';
  }
  return out;
}

/// A number that is no integer within +-(2^53-1).
std::optional<power_level> read_number(const std::string& text) {
  if (text.find_first_of(".eE") == std::string::npos) {
    const bool negative = text.front() == '-';
    return power_level::from_digits(negative, std::string_view{text}.substr(negative));
  }
  const double x = std::trunc(std::strtod(text.c_str(), nullptr));
  if (!std::isfinite(x)) return std::nullopt;
  char exact[512]; // a double has at most 309 digits before the point
  const auto size = std::snprintf(exact, sizeof exact, "%.0f", std::abs(x));
  return power_level::from_digits(std::signbit(x), {exact, static_cast<std::size_t>(size)});
}

} // namespace

power_level power_level::from_digits(bool negative, std::string_view digits) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  power_level made;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), made.near_);
  if (error == std::errc::result_out_of_range || made.near_ > level_max) {
    made.near_ = level_max;
    made.digits_ = digits;
  }
  if (negative) made.near_ = -made.near_;
  return made;
}

std::strong_ordering power_level::operator<=>(const power_level& x) const {
  if (near_ != x.near_) return near_ <=> x.near_;
  const auto by_magnitude =
    digits_.size() != x.digits_.size() ? digits_.size() <=> x.digits_.size() : digits_.compare(x.digits_) <=> 0;
  return near_ < 0 ? 0 <=> by_magnitude : by_magnitude;
}

std::optional<power_level> read_integer(std::string_view text) {
  auto plain = in_ascii(text);
  std::string_view rest{plain};
  const auto first = rest.find_first_not_of(' ');
  if (first == std::string_view::npos) return std::nullopt;
  rest = rest.substr(first, rest.find_last_not_of(' ') - first + 1);
  const bool negative = rest.front() == '-';
  if (negative || rest.front() == '+') rest.remove_prefix(1);
  std::string digits;
  bool may_be_mark = false; // a '_' stands between two digits
  for (const char x : rest) {
    if (x == '_' ? !may_be_mark : x < '0' || x > '9') return std::nullopt;
    may_be_mark = x != '_';
    if (x != '_') digits += x;
  }
  if (digits.empty() || !may_be_mark || digits.size() > digits_max) return std::nullopt;
  return power_level::from_digits(negative, digits);
}

std::optional<power_level> read_level(const json::value& x, const room_version_rules& rules) {
  if (const auto* integer = x.as_integer()) return power_level{*integer};
  if (rules.integer_power_levels) return std::nullopt;
  if (const auto* yes = x.as_bool()) return power_level{*yes ? 1 : 0};
  if (const auto* text = x.as_string()) return read_integer(*text);
  if (const auto* number = x.as_number_text()) return read_number(number->text);
  return std::nullopt;
}

} // namespace causeway::matrix
