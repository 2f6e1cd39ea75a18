#include "tools/causeway/command_tree.hpp"
#include "tools/causeway/help.hpp"
#include "tools/causeway/terminal.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

using namespace causeway::tools;

namespace {

/// What is wrong, how it is written, and an example: nobody has to look for the help.
int wrong_usage(const std::vector<std::string>& words, const std::string& why) {
  std::string text = "causeway: " + printable(why) + "\n";
  if (const auto* x = find_command(command_words(words)))
    text += "  " + synopsis(*x) + "\n  For example: causeway " + std::string{x->example} + "\n";
  return put_out({exit_usage, {}, text});
}

int run(int argc, char** argv) {
  const std::vector<std::string> words{argv + 1, argv + argc};
  command_line line;
  command_tree tree{line};
  try {
    tree.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return put_out({exit_ok, help_of(command_words(words)), {}});
  } catch (const CLI::ParseError& e) {
    if (words.empty()) return put_out({exit_usage, {}, overview()});
    const auto unknown = unknown_word(words);
    if (!unknown.empty()) return put_out({exit_usage, {}, "causeway: " + unknown + "\n"});
    const auto noun = command_words(words);
    if (!noun.empty() && find_command(noun) == nullptr) return put_out({exit_usage, {}, help_of(noun)});
    return wrong_usage(words, e.what());
  }
  return tree.chosen() == nullptr ? exit_usage : tree.chosen()->run(line);
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "causeway: %s\n", printable(e.what()).c_str());
    return exit_problem;
  }
}
