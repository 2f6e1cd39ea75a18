#include "tools/causeway/command_tree.hpp"
#include "tools/causeway/help.hpp"
#include "tools/causeway/operator_commands.hpp"
#include "tools/causeway/terminal.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

using namespace causeway::tools;

namespace {

bool is_for_monitoring(const std::vector<std::string>& words) {
  const auto* x = find_command(command_words(words));
  return x != nullptr && x->is_for_monitoring;
}

/// How it ends that nothing was done: what monitoring calls has a code and a first line for that.
int end_undone(const std::vector<std::string>& words, int code, const std::string& why) {
  if (is_for_monitoring(words)) return check_fails(why, std::ranges::find(words, "--json") != words.end());
  return put_out({code, {}, "causeway: " + printable(why) + "\n"});
}

/// What is wrong, how it is written, and an example: nobody has to look for the help.
int wrong_usage(const std::vector<std::string>& words, const std::string& why) {
  const int code = end_undone(words, exit_usage, why);
  const auto* x = find_command(command_words(words));
  if (x == nullptr) return code;
  return put_out({code, {}, "  " + synopsis(*x) + "\n  For example: causeway " + std::string{x->example} + "\n"});
}

int run(int argc, char** argv, const std::vector<std::string>& words) {
  command_line line;
  if (words == std::vector<std::string>{"--version"})
    return find_command({"version"})->run(line); // as causewayd has it
  command_tree tree{line};
  try {
    tree.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return put_out({exit_ok, help_of(command_words(words)), {}});
  } catch (const CLI::ParseError& e) {
    if (words.empty()) return put_out({exit_usage, {}, overview()});
    const auto unknown = unknown_word(words);
    if (!unknown.empty()) return end_undone(words, exit_usage, unknown);
    const auto noun = command_words(words);
    if (!noun.empty() && find_command(noun) == nullptr) return put_out({exit_usage, {}, help_of(noun)});
    return wrong_usage(words, e.what());
  }
  return tree.chosen() == nullptr ? exit_usage : tree.chosen()->run(line);
}

} // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words{argv + 1, argv + argc};
  try {
    return run(argc, argv, words);
  } catch (const std::exception& e) {
    return end_undone(words, exit_problem, e.what());
  }
}
