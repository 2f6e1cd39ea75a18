#include "tools/causeway/table_commands.hpp"

#include "tools/causeway/completions.hpp"
#include "tools/causeway/help.hpp"
#include "tools/causeway/man_page.hpp"
#include "tools/causeway/suggestions.hpp"
#include "tools/causeway/terminal.hpp"

namespace causeway::tools {

int print_completion(const std::string& shell) {
  if (shell == "bash") return put_out({exit_ok, bash_completion(), {}});
  if (shell == "zsh") return put_out({exit_ok, zsh_completion(), {}});
  if (shell == "fish") return put_out({exit_ok, fish_completion(), {}});
  return put_out({exit_usage,
                  {},
                  "causeway: there are completions for bash, zsh and fish, not for `" + printable(shell) + "`" +
                    did_you_mean(shell, {"bash", "zsh", "fish"}) + "\n"});
}

int print_man_page() { return put_out({exit_ok, man_page(CAUSEWAY_VERSION), {}}); }

int print_help(const std::vector<std::string>& topic) {
  if (const auto wrong = unknown_word(topic); !wrong.empty())
    return put_out({exit_usage, {}, "causeway: " + wrong + "\n"});
  return put_out({exit_ok, help_of(command_words(topic)), {}});
}

} // namespace causeway::tools
