#pragma once
#include "config/fields.hpp"
#include "messages/fault.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// TOML as a flat list of entries. The one place that knows the TOML library.
namespace causeway::config {

/// One `name = value` of a section, not yet judged.
struct toml_entry {
  std::string section; ///< empty: the key stands above every section
  std::string name;    ///< empty: an empty section, or a section that is no table
  std::uint64_t line = 0;
  /// The value in the shape `of` wants. @returns fault invalid_param that says what kind was found instead
  result<value> as(const field& of) const;

  struct node_holder;
  std::shared_ptr<const node_holder> node;
};

struct toml_document {
  std::vector<toml_entry> entries; ///< in order of the file's lines
};

/// @returns fault invalid_param with line and column of a syntax error
result<toml_document> read_toml(std::string_view text);

/// The value of a flag or environment variable: numbers and booleans as TOML, texts as they are, lists as TOML or with
/// commas, records as TOML.
result<value> parse_word(const field& of, std::string_view text);

/// Breaks `text` into lines of at most `width` characters, each with `prefix` and a line end.
std::string wrap(std::string_view text, std::string_view prefix, std::size_t width);

} // namespace causeway::config
