#pragma once
#include <string>

/// Scripts that complete words of this command in a shell, made from the table. Pure.
namespace causeway::tools {

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

} // namespace causeway::tools
