#include "messages/matrix/json.hpp"

#include "messages/matrix/json_scan.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace causeway::matrix::json {
namespace {

void write_escape(std::string& out, char x) {
  constexpr char digits[] = "0123456789abcdef";
  switch (x) {
  case '"': out += "\\\""; return;
  case '\\': out += "\\\\"; return;
  case '\b': out += "\\b"; return;
  case '\t': out += "\\t"; return;
  case '\n': out += "\\n"; return;
  case '\f': out += "\\f"; return;
  case '\r': out += "\\r"; return;
  default:
    out += "\\u00";
    out += digits[static_cast<unsigned char>(x) >> 4];
    out += digits[x & 0xf];
  }
}

bool within(std::int64_t x, std::int64_t bound) { return x <= bound && x >= -bound; }

/// The value of `-0` or of an integer with an exponent, when it is canonical; nothing for any other number.
std::optional<std::int64_t> integer_of(std::string_view text) {
  if (text == "-0") return 0;
  const auto mark = text.find_first_of("eE");
  if (mark == std::string_view::npos) return {};
  auto exponent_text = text.substr(mark + 1);
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  const auto read = [](std::string_view digits, std::int64_t& out) {
    const auto [stop, why] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return why == std::errc{} && stop == digits.data() + digits.size();
  };
  std::int64_t number = 0, exponent = 0;
  if (!read(text.substr(0, mark), number) || !read(exponent_text, exponent) || exponent < 0) return {};
  if (number == 0) return 0;
  for (; exponent > 0; --exponent) {
    if (!within(number, limits::canonical_integer_max / 10)) return {};
    number *= 10;
  }
  if (!within(number, limits::canonical_integer_max)) return {};
  return number;
}

enum class numbers : std::uint8_t { canonical, as_they_came };

template <numbers Numbers>
struct writer {
  std::string& out;
  void operator()(std::nullptr_t) const { out += "null"; }
  void operator()(bool x) const { out += x ? "true" : "false"; }
  void operator()(std::int64_t x) const {
    char digits[20];
    auto end = std::to_chars(digits, digits + sizeof digits, x).ptr;
    out.append(digits, end);
  }
  void operator()(const number_text& x) const {
    const auto number = Numbers == numbers::canonical ? integer_of(x.text) : std::nullopt;
    if (number) (*this)(*number);
    else out += x.text;
  }
  void operator()(const std::string& x) const { write_string(out, x); }
  void operator()(const array& x) const {
    out += '[';
    bool first = true;
    for (const auto& item : x) {
      if (!first) out += ',';
      first = false;
      std::visit(*this, item.content());
    }
    out += ']';
  }
  void operator()(const object& x) const {
    out += '{';
    bool first = true;
    for (const auto& [key, mapped] : x) {
      if (!first) out += ',';
      first = false;
      write_string(out, key);
      out += ':';
      std::visit(*this, mapped.content());
    }
    out += '}';
  }
};
using canonical_writer = writer<numbers::canonical>;
using plain_writer = writer<numbers::as_they_came>;

} // namespace

void write_string(std::string& out, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const char* stop = scan(at, end, marks_of_escapes, needs_escape);
  if (stop == end) {
    // Nearly every string: one growth, one copy.
    const auto begin = out.size();
    out.resize(begin + text.size() + 2);
    out[begin] = '"';
    std::memcpy(out.data() + begin + 1, text.data(), text.size());
    out.back() = '"';
    return;
  }
  out += '"';
  while (stop != end) {
    out.append(at, stop);
    write_escape(out, *stop);
    at = stop + 1;
    stop = scan(at, end, marks_of_escapes, needs_escape);
  }
  out.append(at, end);
  out += '"';
}

void write(std::string& out, const value& x) { std::visit(canonical_writer{out}, x.content()); }
void write(std::string& out, const object& x) { canonical_writer{out}(x); }
void write_as_it_came(std::string& out, const value& x) { std::visit(plain_writer{out}, x.content()); }
void write_as_it_came(std::string& out, const object& x) { plain_writer{out}(x); }

std::string canonical(const value& x) {
  std::string out;
  write(out, x);
  return out;
}

std::string canonical(const object& x) {
  std::string out;
  write(out, x);
  return out;
}

bool is_canonical(const value& x) {
  if (x.as_number_text()) return false;
  if (const auto* number = x.as_integer()) return within(*number, limits::canonical_integer_max);
  if (const auto* items = x.as_array()) return std::all_of(items->begin(), items->end(), is_canonical);
  if (const auto* members = x.as_object())
    return std::all_of(members->begin(), members->end(), [](const member& m) { return is_canonical(m.mapped); });
  return true;
}

} // namespace causeway::matrix::json
