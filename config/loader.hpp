#pragma once
#include "config/fields.hpp"
#include "config/validate.hpp"
#include "messages/fault.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::config {

/// Where the programs look when nobody names a file.
inline constexpr const char* default_file = "/etc/causeway/causeway.toml";
/// The file to read: `named`, else `otherwise` where there is something by that name; else none (empty).
std::string file_to_read(const std::string& named, const std::string& otherwise = default_file);

/// Where configuration comes from; each of these overrides those before it, value by value (lists are replaced whole).
struct sources {
  std::string file; ///< path of causeway.toml; `conf.d/*.toml` beside it follow in order of name; empty: none
  std::string text; ///< TOML given directly, for a host process that embeds a node
  /// Variables `CAUSEWAY_SECTION__KEY`; others are ignored. See `process_environment`.
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> set; ///< flags: `section.key=value`
};

/// Everything found out about a configuration, good or bad.
struct examination {
  options values;                             ///< what could be read; the rest is at its default
  std::map<std::string, std::string> origins; ///< key -> where its value comes from; a default has none
  std::vector<std::string> files;             ///< those that were read, in order
  std::vector<problem> problems;              ///< empty: `values` may be used
};

/// Reads all sources and checks everything, so that one run shows every mistake. Reads files of at most 1 MiB each.
/// A list in the environment or a flag is TOML (`["a", "b"]`) or texts with commas between them.
examination examine(const sources& from, purpose what_for = purpose::node);

/// Fills in where the values of a problem's keys came from. A key at its default is placed where the first of the
/// others was set.
void place(problem& x, const std::map<std::string, std::string>& origins);

/// The same for who only wants to start: all problems in the detail, one a line.
/// @returns fault invalid_param
result<options> load(const sources& from, purpose what_for = purpose::node);

/// The variables of this process whose name begins with CAUSEWAY_.
std::vector<std::pair<std::string, std::string>> process_environment();

/// Problems with the files that `x` names: absent, unreadable, a secret that others may read. Needs the rights of the
/// broker.
std::vector<problem> check_files(const options& x, purpose what_for = purpose::node);

/// The documented example file: every key with its sentence, range and default, commented out where it has one.
std::string example_file();

/// The known word that is most like `word` (edit distance at most a third of its length), empty when none is.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

} // namespace causeway::config
