#pragma once
#include "messages/fault.hpp"
#include "messages/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// JSON as Matrix needs it: object members sorted by code point, numbers that keep the text they came with, bounds
/// before allocation. Parsing and the canonical form round trip byte for byte.
namespace causeway::matrix::json {

class value;
struct member;

/// A number that is not written as an integer within +-(2^53-1): its text exactly as received. Room versions 1 to 5
/// need it. The canonical form writes `-0` as `0` and `1e10` as `10000000000`, as the specification's example does; any
/// other text stays as it is, for its hash was taken by a server that wrote it so.
struct number_text {
  std::string text;
  bool operator==(const number_text&) const = default;
};

using array = std::vector<value>;

/// Members sorted by key (byte order of UTF-8, which is code point order); keys are unique.
class object {
public:
  object();
  object(std::initializer_list<std::pair<std::string_view, value>> members);
  object(const object&);
  object(object&&) noexcept;
  object& operator=(const object&);
  object& operator=(object&&) noexcept;
  ~object();

  /// Null when there is no such member. O(log n) in large objects.
  const value* find(std::string_view key) const;
  value* find(std::string_view key);
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// Inserts or replaces.
  value& set(std::string_view key, value x);
  /// @returns whether there was one.
  bool erase(std::string_view key);
  std::size_t size() const;
  bool empty() const;
  const member* begin() const;
  const member* end() const;
  /// Hands every mapped value to `change`, until it returns false. @returns whether it never did
  bool change_each(const std::function<bool(value&)>& change);
  bool operator==(const object& x) const;

private:
  friend class builder; // the parser appends unsorted and sorts once
  std::vector<member> members_;
};

class value {
public:
  using storage = std::variant<std::nullptr_t, bool, std::int64_t, number_text, std::string, array, object>;

  value() : content_(nullptr) {}
  value(std::nullptr_t) : content_(nullptr) {}
  value(bool x) : content_(x) {}
  value(std::int64_t x) : content_(x) {}
  value(int x) : content_(std::int64_t{x}) {}
  value(number_text x) : content_(std::move(x)) {}
  value(std::string x) : content_(std::move(x)) {}
  value(std::string_view x) : content_(std::string{x}) {}
  value(const char* x) : content_(std::string{x}) {}
  value(array x) : content_(std::move(x)) {}
  value(object x) : content_(std::move(x)) {}

  bool is_null() const { return content_.index() == 0; }
  /// Null when the value is of another kind. A boolean is never an integer.
  const bool* as_bool() const { return std::get_if<bool>(&content_); }
  const std::int64_t* as_integer() const { return std::get_if<std::int64_t>(&content_); }
  const number_text* as_number_text() const { return std::get_if<number_text>(&content_); }
  const std::string* as_string() const { return std::get_if<std::string>(&content_); }
  const array* as_array() const { return std::get_if<array>(&content_); }
  array* as_array() { return std::get_if<array>(&content_); }
  const object* as_object() const { return std::get_if<object>(&content_); }
  object* as_object() { return std::get_if<object>(&content_); }

  /// Member of an object; null when this is no object or has no such member.
  const value* find(std::string_view key) const;
  /// Shorthands for `find` and `as_*`; null when absent or of another kind.
  const std::string* find_string(std::string_view key) const;
  const std::int64_t* find_integer(std::string_view key) const;
  const bool* find_bool(std::string_view key) const;
  const array* find_array(std::string_view key) const;
  const object* find_object(std::string_view key) const;

  const storage& content() const { return content_; }
  bool operator==(const value& x) const;

private:
  storage content_;
};

struct member {
  std::string key;
  value mapped;
  bool operator==(const member& x) const;
};

/// How strictly numbers are read.
enum class number_policy : std::uint8_t {
  strict,  ///< only integers within +-(2^53-1) without fraction, exponent or -0: room versions 6 and later
  lenient, ///< anything JSON allows, kept as `number_text`: room versions 1 to 5, and bodies that are not events
};

/// Parses one JSON text in UTF-8 (validated). Duplicate keys, nesting over `limits::json_depth_max` and more than
/// `limits::json_values_max` values are refused.
/// @returns faults not_json (syntax, encoding), bad_json (duplicate key, depth, count), not_canonical (strict number)
result<value> parse(std::string_view text, number_policy numbers = number_policy::lenient);

/// Takes one item of a streamed array; false ends the reading.
using item_reader = std::function<bool(std::string_view member, value&& item)>;
/// Parses one JSON object without holding it whole: each item of the array members named in `streamed` goes to `take`
/// as soon as it is read, and is not kept (the member is an empty array in what is returned). An item that cannot be
/// read is passed over (json_lists.hpp: `parse_lists`); `take` has to bound the number of the others.
/// @returns faults as `parse_lists`
result<object> parse_streamed(std::string_view text, std::initializer_list<std::string_view> streamed,
                              const item_reader& take, number_policy numbers = number_policy::lenient);

/// Whether every number in `x` is an integer within +-(2^53-1): what room versions 6 and later demand of an event.
bool is_canonical(const value& x);

/// Canonical form (appendices, "Canonical JSON"): shortest UTF-8, members sorted, no white space. Appends to `out`.
void write(std::string& out, const value& x);
void write(std::string& out, const object& x);
std::string canonical(const value& x);
std::string canonical(const object& x);
/// As `write`, but each number as it came: a lenient `parse` makes the same value of it. For what is judged elsewhere.
void write_as_it_came(std::string& out, const value& x);
void write_as_it_came(std::string& out, const object& x);
/// Appends `text` as a JSON string with quotes.
/// @pre `is_utf8(text)`
void write_string(std::string& out, std::string_view text);
/// Whether `text` is well-formed UTF-8, as every string in a value has to be. The parser sees to it; text from
/// elsewhere (the chat edge) has to be checked with this.
bool is_utf8(std::string_view text);

} // namespace causeway::matrix::json
