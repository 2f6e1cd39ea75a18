#include "messages/matrix/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace causeway::matrix {
namespace {

constexpr std::string_view standard_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> digit_values = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::uint8_t i = 0; i < 64; ++i) {
    table[static_cast<unsigned char>(standard_alphabet[i])] = i;
    table[static_cast<unsigned char>(url_alphabet[i])] = i;
  }
  return table;
}();

std::string encode(std::string_view bytes, std::string_view alphabet) {
  std::string out((bytes.size() * 4 + 2) / 3, '\0');
  char* to = out.data();
  std::uint32_t bits = 0;
  int count = 0;
  for (unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    count += 8;
    while (count >= 6) {
      count -= 6;
      *to++ = alphabet[bits >> count & 0x3f];
    }
  }
  if (count > 0) *to = alphabet[bits << (6 - count) & 0x3f];
  return out;
}

/// What nearly every server sends: digits alone, without padding. Nothing: there is another character, or a last digit
/// stands alone.
std::optional<std::string> decode_digits(std::string_view text) {
  constexpr std::size_t quad = 4;
  if (text.size() % quad == 1) return {};
  std::string out(text.size() * 3 / 4, '\0');
  char* to = out.data();
  std::uint8_t seen = 0; // a bit of `no_digit` that no digit has stays
  const auto digit = [&](char x) {
    const auto value = digit_values[static_cast<unsigned char>(x)];
    seen |= value;
    return std::uint32_t{value};
  };
  const char* at = text.data();
  for (const char* const end = at + text.size() / quad * quad; at != end; at += quad) {
    const auto bits = digit(at[0]) << 18 | digit(at[1]) << 12 | digit(at[2]) << 6 | digit(at[3]);
    *to++ = static_cast<char>(bits >> 16);
    *to++ = static_cast<char>(bits >> 8);
    *to++ = static_cast<char>(bits);
  }
  if (const auto left = text.size() % quad; left > 0) {
    const auto bits = digit(at[0]) << 18 | digit(at[1]) << 12 | (left == 3 ? digit(at[2]) << 6 : 0);
    *to++ = static_cast<char>(bits >> 16);
    if (left == 3) *to = static_cast<char>(bits >> 8);
  }
  return (seen & 0xc0) == 0 ? std::optional{std::move(out)} : std::nullopt;
}

} // namespace

std::string base64_encode(std::string_view bytes) { return encode(bytes, standard_alphabet); }
std::string base64url_encode(std::string_view bytes) { return encode(bytes, url_alphabet); }

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.ends_with('=')) {
    // Padding has to be complete, or there are two ways to read the text.
    if (text.size() % 4 != 0) return {};
    text.remove_suffix(text.ends_with("==") ? 2 : 1);
  }
  if (text.size() % 4 == 1) return {};
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (unsigned char character : text) {
    const auto digit = digit_values[character];
    if (digit == no_digit) return {};
    bits = bits << 6 | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  // Left-over bits are not looked at: widely used encoders leave them set, and every reader ignores them.
  return out;
}

std::optional<std::string> base64_decode_as_servers(std::string_view text) {
  if (auto usual = decode_digits(text)) return usual;
  if (std::any_of(text.begin(), text.end(), [](unsigned char x) { return x >= 0x80; })) return {};
  // The padding that is added goes by the length of the text, foreign characters and all.
  const std::size_t padding = 3 - (text.size() + 3) % 4;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int in_quad = 0, pads = 0; // digits since the last whole group of four; paddings since the last digit
  for (std::size_t at = 0; at < text.size() + padding; ++at) {
    const unsigned char character = at < text.size() ? text[at] : '=';
    if (character == '=') {
      if (in_quad >= 2 && in_quad + ++pads >= 4) return out;
      continue;
    }
    const auto digit = digit_values[character];
    if (digit == no_digit) continue;
    pads = 0;
    bits = bits << 6 | digit;
    if (in_quad > 0) out += static_cast<char>(bits >> (6 - 2 * in_quad) & 0xff);
    in_quad = (in_quad + 1) % 4;
  }
  return in_quad == 0 ? std::optional{std::move(out)} : std::nullopt;
}

} // namespace causeway::matrix
