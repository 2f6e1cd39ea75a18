#include "messages/matrix/event_numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace causeway::matrix {

namespace {

/// As Python's `repr`.
std::string shortest(double x) {
  char written[32];
  const auto end = std::to_chars(written, written + sizeof written, x, std::chars_format::scientific).ptr;
  const std::string_view all{written, static_cast<std::size_t>(end - written)};
  const auto mark = all.find('e');
  std::string digits;
  for (const char each : all.substr(0, mark))
    if (each >= '0' && each <= '9') digits += each;
  int exponent = 0;
  const bool is_negative = all[mark + 1] == '-';
  std::from_chars(all.data() + mark + 2, all.data() + all.size(), exponent); // behind the sign, which is always there
  if (is_negative) exponent = -exponent;
  const std::string sign = std::signbit(x) ? "-" : "";
  const auto count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    const auto fraction = count > 1 ? "." + digits.substr(1) : std::string{};
    const auto power = std::to_string(std::abs(exponent));
    return sign + digits[0] + fraction + (exponent < 0 ? "e-" : "e+") + (power.size() < 2 ? "0" : "") + power;
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  if (exponent >= count - 1)
    return sign + digits + std::string(static_cast<std::size_t>(exponent - count + 1), '0') + ".0";
  return sign + digits.substr(0, static_cast<std::size_t>(exponent) + 1) + "." +
         digits.substr(static_cast<std::size_t>(exponent) + 1);
}

/// False: a float beyond a double.
bool normalize(json::value& x, json::number_policy numbers) {
  const auto inside = [numbers](json::value& each) { return normalize(each, numbers); };
  if (auto* items = x.as_array()) return std::all_of(items->begin(), items->end(), inside);
  if (auto* members = x.as_object()) return members->change_each(inside);
  const auto* number = x.as_number_text();
  if (!number) return true;
  if (number->text == "-0") {
    x = json::value{0};
    return true;
  }
  if (numbers == json::number_policy::strict || number->text.find_first_of(".eE") == std::string::npos) return true;
  const double near = std::strtod(number->text.c_str(), nullptr);
  if (!std::isfinite(near)) return false;
  x = json::value{json::number_text{shortest(near)}};
  return true;
}

} // namespace

status normalize_numbers(json::object& pdu, json::number_policy numbers) {
  if (pdu.change_each([numbers](json::value& x) { return normalize(x, numbers); })) return ok();
  return fault{fault_code::not_canonical, "a number is too large for a double"};
}

} // namespace causeway::matrix
