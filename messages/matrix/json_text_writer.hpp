#pragma once
#include "messages/matrix/json.hpp"
#include "messages/matrix/json_scan.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace causeway::matrix::json {

/// A text while it is written, in canonical form. Events are written several times each, to be hashed, signed and
/// stored, and a std::string costs a call for each of their commas: here the room that is left is looked at once for a
/// whole string.
class text_writer {
public:
  /// How those that are not canonical are written (json.hpp: `number_text`).
  enum class numbers : std::uint8_t { canonical, as_they_came };

  explicit text_writer(std::size_t bytes_expected = 0, numbers written = numbers::canonical) : numbers_(written) {
    if (bytes_expected > 0) grow(bytes_expected);
  }
  text_writer(const text_writer&) = delete;

  std::string_view view() const { return {begin_.get(), size()}; }
  std::string str() const { return std::string{view()}; }
  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_.get()); }

  void add(char x) {
    need(1);
    *at_++ = x;
  }
  /// As it is, without quotes.
  void add(std::string_view x) {
    need(x.size());
    put(x);
  }
  /// With quotes, and what has to be escaped. @pre `is_utf8(x)`
  void add_string(std::string_view x) {
    const char* const begin = x.data();
    const char* const end = begin + x.size();
    if (const char* stop = scan(begin, end, marks_of_escapes, needs_escape); stop != end)
      return add_escaped(x, static_cast<std::size_t>(stop - begin));
    need(x.size() + 2);
    *at_++ = '"';
    put(x);
    *at_++ = '"';
  }
  void add(const value& x);
  void add(const array& x);
  void add(const object& x);
  void add(std::int64_t x);
  void add(const number_text& x);

private:
  void need(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) grow(bytes);
  }
  void put(std::string_view x) {
    if (x.empty()) return; // its data may be null
    std::memcpy(at_, x.data(), x.size());
    at_ += x.size();
  }
  void add_escaped(std::string_view x, std::size_t first);
  void grow(std::size_t bytes);

  const numbers numbers_;
  std::unique_ptr<char[]> begin_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

/// Members of one object, with the commas between them.
class member_writer {
public:
  explicit member_writer(text_writer& out) : out_(out) { out_.add('{'); }
  void key(std::string_view name) {
    if (!first_) out_.add(',');
    first_ = false;
    out_.add_string(name);
    out_.add(':');
  }
  void end() { out_.add('}'); }

private:
  text_writer& out_;
  bool first_ = true;
};

} // namespace causeway::matrix::json
