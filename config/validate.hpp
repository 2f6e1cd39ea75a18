#pragma once
#include "config/options.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::config {

/// What is wrong with a configuration.
struct problem {
  /// Another key that the sentence is about, and where its value came from.
  struct other {
    std::string key, where;
  };
  std::string key;   ///< `section.name`; empty: a file or flag as a whole
  std::string where; ///< `file:line`, environment variable or flag the value came from; empty: a default
  std::string what;  ///< full sentence that says what to do
  std::vector<other> others = {};
};
/// "where: key: what" as printed; where others have a place of their own it follows: "(edge.command_credit: where)".
std::string to_string(const problem& x);

/// Whether somebody set the key, `section.name`, to whatever value.
using set_keys = std::function<bool(std::string_view key)>;

/// What the configuration is for: a gateway of its own needs no server name and binds no edge.
enum class purpose : std::uint8_t { node, gateway };

/// The rules that one field alone cannot check: names, endpoints, what must be given together, what contradicts itself
/// (contradictions.hpp). `where` is left empty.
/// @param is_set  empty: whatever differs from its default was set
std::vector<problem> validate(const options& x, purpose what_for = purpose::node, const set_keys& is_set = {});

} // namespace causeway::config
