#pragma once
#include "tools/causeway/command_table.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Text that teaches how `causeway` is used, made from the table. Pure.
namespace causeway::tools {

/// All commands, by what one wants.
std::string overview();

/// One command: how it is written, what it tells, an example, its options, its exit codes.
std::string help_of(const command& x);

/// The verbs of a noun; with a command of that name, its help too. Empty where there are neither.
std::string help_of(const std::vector<std::string_view>& words);

/// What is wrong with the words of a command line before any of them is looked at closely: a command or an option that
/// there is not, with those that are close. Empty: nothing.
/// @param words  without the program's name
std::string unknown_word(const std::vector<std::string>& words);

/// The words of the command that `words` (a command line) begins with, as far as they are known.
std::vector<std::string_view> command_words(const std::vector<std::string>& words);

} // namespace causeway::tools
