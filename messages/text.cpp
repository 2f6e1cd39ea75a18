#include "messages/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <utility>

namespace causeway::text {
namespace {

using range = std::pair<char32_t, char32_t>;

constexpr range blanks[] = {{0x09, 0x0d},     {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},
                            {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f},
                            {0x205f, 0x205f}, {0x2800, 0x2800}, {0x3000, 0x3000}}; // with the empty Braille pattern

constexpr range invisible[] = {
  {0xad, 0xad},       {0x34f, 0x34f},     {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},
  {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
  {0x180b, 0x180f},   {0x200b, 0x200f},   {0x202a, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
  {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x110bd, 0x110bd},
  {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

template <std::size_t N>
bool holds(const range (&ranges)[N], char32_t x) {
  const auto* after = std::upper_bound(std::begin(ranges), std::end(ranges), x,
                                       [](char32_t one, const range& r) { return one < r.first; });
  return after != std::begin(ranges) && x <= std::prev(after)->second;
}

constexpr char32_t replacement = 0xfffd;
constexpr std::size_t quoted_bytes_max = 80;

/// Bytes of the sequence that `lead` begins; 0: it begins none.
std::size_t sequence_bytes(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/// Slips of the finger that make one word of the other: a letter left out, too many, wrong, or two exchanged.
std::size_t slips_between(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> steps(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        steps[i][j] = i + j;
        continue;
      }
      auto& here = steps[i][j] =
        std::min({steps[i - 1][j] + 1, steps[i][j - 1] + 1, steps[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        here = std::min(here, steps[i - 2][j - 2] + 1);
    }
  return steps[a.size()][b.size()];
}

} // namespace

std::optional<char32_t> next_code_point(std::string_view& rest) {
  if (rest.empty()) return {};
  const auto lead = static_cast<unsigned char>(rest.front());
  const auto size = sequence_bytes(lead);
  if (size == 0 || size > rest.size()) return rest.remove_prefix(1), replacement;
  char32_t x = size == 1 ? lead : lead & (0xff >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(rest[i]);
    if (byte >> 6 != 2) return rest.remove_prefix(1), replacement;
    x = x << 6 | (byte & 0x3f);
  }
  const bool overlong = (size == 3 && x < 0x800) || (size == 4 && x < 0x10000);
  if (overlong || x > 0x10ffff || (x >= 0xd800 && x < 0xe000)) return rest.remove_prefix(1), replacement;
  rest.remove_prefix(size);
  return x;
}

bool is_blank(char32_t x) { return holds(blanks, x); }

bool is_control(char32_t x) { return x < 0x20 || (x >= 0x7f && x < 0xa0); }

bool is_invisible(char32_t x) { return holds(invisible, x); }

bool shows_something(std::string_view text) {
  while (const auto x = next_code_point(text))
    if (!is_blank(*x) && !is_control(*x) && !is_invisible(*x)) return true;
  return false;
}

std::optional<char32_t> first_unseen(std::string_view text) {
  while (const auto x = next_code_point(text))
    if (is_blank(*x) || is_control(*x) || is_invisible(*x)) return x;
  return {};
}

std::string code_point_name(char32_t x) {
  char out[16];
  std::snprintf(out, sizeof out, "U+%04X", static_cast<unsigned>(x));
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto before = text;
    const auto x = *next_code_point(text);
    const auto bytes = before.size() - text.size();
    if (out.size() + bytes > quoted_bytes_max) return out + "...\"";
    const bool broken = x == replacement && bytes == 1;
    if (broken) out += "<not UTF-8>";
    else if (x != ' ' && (is_blank(x) || is_control(x) || is_invisible(x))) out += '<' + code_point_name(x) + '>';
    else out += before.substr(0, bytes);
  }
  return out + '"';
}

std::string likely_meant(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  auto bound = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const auto& one : candidates)
    if (const auto slips = slips_between(word, one); slips < bound) {
      bound = slips;
      best = one;
    }
  return best;
}

} // namespace causeway::text
