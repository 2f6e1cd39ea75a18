#include "messages/dead_letter_id.hpp"

#include <charconv>
#include <cstdint>

namespace causeway {
namespace {

/// Cursors are counted, one for each notification: none is ever so high.
constexpr std::int64_t cursor_max = std::int64_t{1} << 40;
constexpr std::uint32_t stream_max = 64;

template <class Number>
bool read_number(std::string_view text, Number& x) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), x);
  return problem == std::errc{} && end == text.data() + text.size();
}

} // namespace

std::string dead_letter_id(const store::dead_letter_place& at) {
  return std::to_string(at.stream) + '-' + std::to_string(at.cursor);
}

std::optional<store::dead_letter_place> dead_letter_place_of(std::string_view id) {
  store::dead_letter_place at;
  const auto dash = id.find('-');
  if (dash == id.npos || !read_number(id.substr(0, dash), at.stream) || !read_number(id.substr(dash + 1), at.cursor))
    return {};
  if (at.stream > stream_max || at.cursor < 1 || at.cursor >= cursor_max || dead_letter_id(at) != id) return {};
  return at;
}

} // namespace causeway
