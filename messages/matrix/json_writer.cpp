#include "messages/matrix/json.hpp"

#include "messages/matrix/json_scan.hpp"
#include "messages/matrix/json_text_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace causeway::matrix::json {
namespace {

/// Six bytes at most.
char* write_escape(char* at, char x) {
  constexpr char digits[] = "0123456789abcdef";
  *at++ = '\\';
  switch (x) {
  case '"':
  case '\\': *at++ = x; return at;
  case '\b': *at++ = 'b'; return at;
  case '\t': *at++ = 't'; return at;
  case '\n': *at++ = 'n'; return at;
  case '\f': *at++ = 'f'; return at;
  case '\r': *at++ = 'r'; return at;
  default:
    for (const char digit : {'u', '0', '0', digits[static_cast<unsigned char>(x) >> 4], digits[x & 0xf]}) *at++ = digit;
    return at;
  }
}
constexpr std::size_t escape_bytes_max = 6;
/// A text begins with room for a small event.
constexpr std::size_t text_bytes_min = 1024;

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

template <class X>
void append(std::string& out, const X& x, text_writer::numbers written = text_writer::numbers::canonical) {
  text_writer made{0, written};
  made.add(x);
  out += made.view();
}

} // namespace

void text_writer::grow(std::size_t bytes) {
  const auto used = size();
  const auto before = static_cast<std::size_t>(end_ - begin_.get());
  // Twice the room, not twice what is used: each escape asks for what may follow it.
  const auto room = std::max({used + bytes, 2 * before, text_bytes_min});
  std::unique_ptr<char[]> larger{new char[room]}; // not set to zero, as make_unique does
  if (used > 0) std::memcpy(larger.get(), begin_.get(), used);
  begin_ = std::move(larger);
  at_ = begin_.get() + used;
  end_ = begin_.get() + room;
}

void text_writer::add_escaped(std::string_view x, std::size_t first) {
  const char* at = x.data();
  const char* const end = at + x.size();
  need(x.size() + 2 + escape_bytes_max);
  *at_++ = '"';
  for (const char* stop = at + first; stop != end; stop = scan(at, end, marks_of_escapes, needs_escape)) {
    put({at, static_cast<std::size_t>(stop - at)});
    at_ = write_escape(at_, *stop);
    at = stop + 1;
    need(static_cast<std::size_t>(end - at) + 1 + escape_bytes_max); // what is left, its end, and one more escape
  }
  put({at, static_cast<std::size_t>(end - at)});
  *at_++ = '"';
}

void text_writer::add(std::int64_t x) {
  constexpr std::size_t digits_max = 20;
  need(digits_max);
  at_ = std::to_chars(at_, at_ + digits_max, x).ptr;
}

void text_writer::add(const number_text& x) {
  const auto number = numbers_ == numbers::canonical ? integer_of(x.text) : std::nullopt;
  if (number) add(*number);
  else add(std::string_view{x.text});
}

void text_writer::add(const array& x) {
  add('[');
  for (bool first = true; const auto& item : x) {
    if (!std::exchange(first, false)) add(',');
    add(item);
  }
  add(']');
}

void text_writer::add(const object& x) {
  member_writer writer{*this};
  for (const auto& [key, mapped] : x) {
    writer.key(key);
    add(mapped);
  }
  writer.end();
}

void text_writer::add(const value& x) {
  if (const auto* string = x.as_string()) add_string(*string);
  else if (const auto* members = x.as_object()) add(*members);
  else if (const auto* items = x.as_array()) add(*items);
  else if (const auto* number = x.as_integer()) add(*number);
  else if (const auto* other = x.as_number_text()) add(*other);
  else if (const auto* yes = x.as_bool()) add(*yes ? std::string_view{"true"} : std::string_view{"false"});
  else add(std::string_view{"null"});
}

void write_string(std::string& out, std::string_view text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (scan(begin, end, marks_of_escapes, needs_escape) == end) {
    (out += '"').append(text) += '"';
    return;
  }
  text_writer made;
  made.add_string(text);
  out += made.view();
}

void write(std::string& out, const value& x) { append(out, x); }
void write(std::string& out, const object& x) { append(out, x); }

void write_as_it_came(std::string& out, const value& x) { append(out, x, text_writer::numbers::as_they_came); }
void write_as_it_came(std::string& out, const object& x) { append(out, x, text_writer::numbers::as_they_came); }

std::string canonical(const value& x) {
  text_writer made;
  made.add(x);
  return made.str();
}

std::string canonical(const object& x) {
  text_writer made;
  made.add(x);
  return made.str();
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
