#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

/// Times as a person writes them. Pure but for the time zone of the machine.
namespace causeway::tools {

/// `90s`, `15min` (or `15m`), `2h`, `1.5d`, `250ms`: milliseconds. A number without a unit is none. At most ten years.
std::optional<std::int64_t> parse_duration(std::string_view text);

/// A duration before `now_ms`, `2026-11-29T19:00[:05][Z]` or the same with a space (without Z: this machine's time), or
/// `19:00[:05]` of today: milliseconds since 1970.
std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms);

} // namespace causeway::tools
