#pragma once
#include "tools/causeway/command_table.hpp"

#include <CLI/CLI.hpp>

#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::tools {

/// The parser of the table's commands.
class command_tree {
public:
  /// @param into  what is said goes there; has to outlive the tree
  explicit command_tree(command_line& into);
  command_tree(const command_tree&) = delete;
  command_tree& operator=(const command_tree&) = delete;

  /// Throws CLI::ParseError, also for help (CLI::CallForHelp).
  void parse(int argc, char** argv);

  /// The command that was given; null where none was.
  const command* chosen() const { return chosen_; }

private:
  CLI::App* at(const std::vector<std::string_view>& words);
  void add(CLI::App& to, const parameter& x);

  command_line& into_;
  CLI::App app_;
  std::map<std::string, CLI::App*> by_path_;
  std::list<std::pair<const CLI::Option*, optional_value*>> optional_values_; ///< known to be given after parsing only
  const command* chosen_ = nullptr;
};

} // namespace causeway::tools
