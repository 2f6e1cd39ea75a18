#pragma once
#include "config/options.hpp"

#include <string>
#include <vector>

namespace causeway::config {

/// What is wrong with a configuration.
struct problem {
  std::string key;   ///< `section.name`; empty: a file or flag as a whole
  std::string where; ///< `file:line`, environment variable or flag the value came from; empty: a default
  std::string what;  ///< full sentence that says what to do
};
/// "where: key: what" as printed.
std::string to_string(const problem& x);

/// What the configuration is for: a gateway of its own needs no server name and binds no edge.
enum class purpose : std::uint8_t { node, gateway };

/// The rules that one field alone cannot check: names, endpoints, what must be given together. `where` is left empty.
std::vector<problem> validate(const options& x, purpose what_for = purpose::node);

} // namespace causeway::config
