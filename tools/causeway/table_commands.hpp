#pragma once
#include <string>
#include <vector>

/// What is printed from the table of commands. Each prints to standard output and returns the exit code.
namespace causeway::tools {

/// @param shell  bash, zsh or fish; another one is wrong usage
int print_completion(const std::string& shell);

/// causeway.1
int print_man_page();

/// @param topic  the words of a command or a noun; none: all of them
int print_help(const std::vector<std::string>& topic);

} // namespace causeway::tools
