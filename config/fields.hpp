#pragma once
#include "config/options.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The one table of everything that can be configured. It drives loading, range checks, `causeway config show` and the
/// example file, so a key that is not here does not exist anywhere.
namespace causeway::config {

/// A table of an array of tables (`[[edge.peers]]`): texts by key.
using record = std::map<std::string, std::string, std::less<>>;
/// A value in one of the shapes the table knows; the index is a `value_kind`.
using value = std::variant<bool, std::uint64_t, std::string, std::vector<std::string>, std::vector<record>>;
enum class value_kind : std::uint8_t { flag, number, text, list, records };
/// "true or false", "a whole number", ...: how a message names the kind.
std::string_view describe(value_kind kind);

/// One key of the file.
struct field {
  std::string_view section;
  std::string_view name;
  value_kind kind = value_kind::text;
  std::string_view doc;                      ///< full sentences, for the example file and `config show`
  std::uint64_t least = 0, most = 0;         ///< range of a number, both included
  std::vector<std::string_view> choices;     ///< the only texts allowed; empty: any
  std::vector<std::string_view> record_keys; ///< keys of a record
  bool required = false;                     ///< has no usable default
  bool is_reloadable = false;                ///< SIGHUP takes it over; all others count from the next start on
  std::function<value(const options&)> read;
  /// @pre the value has the field's kind and lies in its range
  std::function<void(options&, const value&)> write;

  /// `section.name`
  std::string key() const;
};

/// A part of the file, with the sentence above it.
struct section {
  std::string_view name;
  std::string_view doc;
};

std::span<const section> sections();
/// All fields, grouped by section in the order of `sections()`.
std::span<const field> fields();
/// Null when there is no such key.
const field* find_field(std::string_view key);
/// Unit that the suffix of a name tells ("milliseconds" for `_ms`), empty when it tells none.
std::string_view unit_of(std::string_view name);

/// Its sentences, with range or choices, and [reload] where SIGHUP takes it over, for example file and manual page.
std::string describe(const field& of);

/// Checks kind, range and choices. @returns the sentence that says what is wrong, empty when nothing is.
std::string check(const field& of, const value& x);
/// As TOML writes it.
std::string to_toml(const value& x);

} // namespace causeway::config
