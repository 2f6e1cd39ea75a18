#include "tools/causeway/moments.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string>
#include <utility>

namespace causeway::tools {

namespace {

constexpr std::int64_t duration_ms_max = std::int64_t{3'650} * 24 * 3'600 * 1'000;

constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> units = {{{"ms", 1},
                                                                             {"s", 1'000},
                                                                             {"sec", 1'000},
                                                                             {"m", 60'000},
                                                                             {"min", 60'000},
                                                                             {"h", 3'600'000},
                                                                             {"d", 86'400'000},
                                                                             {"days", 86'400'000}}};

/// As `strptime` reads it to the end of the text; in this machine's time, or in UTC with a Z behind it.
std::optional<std::int64_t> parse_clock(std::string text, const char* format, std::tm fields) {
  const bool utc = text.ends_with('Z');
  if (utc) text.pop_back();
  const char* end = strptime(text.c_str(), format, &fields);
  if (end == nullptr || *end != '\0') return std::nullopt;
  fields.tm_isdst = -1;
  const auto seconds = utc ? timegm(&fields) : mktime(&fields);
  if (seconds < 0) return std::nullopt;
  return std::int64_t{seconds} * 1'000;
}

} // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.starts_with(' ')) unit.remove_prefix(1); // as we print it
  for (const auto& [name, milliseconds] : units) {
    if (unit != name) continue;
    const double product = number * static_cast<double>(milliseconds);
    if (product > static_cast<double>(duration_ms_max)) return std::nullopt;
    return static_cast<std::int64_t>(product);
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms) {
  if (const auto before = parse_duration(text)) return now_ms - *before;
  const std::string whole{text};
  for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"})
    if (const auto found = parse_clock(whole, format, {})) return found;
  const auto now = static_cast<std::time_t>(now_ms / 1'000);
  std::tm today{};
  if (whole.ends_with('Z')) gmtime_r(&now, &today);
  else localtime_r(&now, &today);
  today.tm_sec = 0;
  for (const char* format : {"%H:%M:%S", "%H:%M"})
    if (const auto found = parse_clock(whole, format, today)) return found;
  return std::nullopt;
}

} // namespace causeway::tools
