#include "tools/causeway/completions.hpp"

#include "tools/causeway/command_table.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

namespace causeway::tools {

namespace {

using words_of_path = std::vector<std::string_view>;

std::string spaced(const words_of_path& words) {
  std::string out;
  for (const auto word : words) out += (out.empty() ? "" : " ") + std::string{word};
  return out;
}

/// All beginnings of commands, and nothing.
std::set<words_of_path> places() {
  std::set<words_of_path> out;
  for (const auto& x : commands()) {
    auto words = x.words();
    for (;; words.pop_back()) {
      out.insert(words);
      if (words.empty()) break;
    }
  }
  return out;
}

bool takes_a_value(const parameter& x) { return !x.value.empty() && !x.value.starts_with('['); }

/// Options behind these words, and those of all commands.
std::vector<const parameter*> options_behind(const words_of_path& words) {
  std::vector<const parameter*> out;
  if (const auto* x = find_command(words))
    for (const auto& p : x->takes)
      if (p.is_option()) out.push_back(&p);
  for (const auto& p : common_options()) out.push_back(&p);
  return out;
}

/// All options of any command that satisfy `which`, with `|` between them.
template <class Which>
std::string alternatives(Which which) {
  std::set<std::string_view> names;
  for (const auto& here : places())
    for (const auto* x : options_behind(here))
      if (which(*x)) names.insert(x->name);
  std::string out;
  for (const auto name : names) out += (out.empty() ? "" : "|") + std::string{name};
  return out;
}

bool is_a_file(const parameter& x) { return x.value == "FILE"; }

/// In single quotes of a shell.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

/// zsh takes a colon for the end of the word that is described.
std::string described(std::string_view word, std::string_view doc) {
  std::string text;
  for (const char c : word) text += c == ':' ? std::string{"\\:"} : std::string{c};
  return shell_word(text + ":" + std::string{doc});
}

std::string_view sentence_of(const words_of_path& words) {
  if (const auto* x = find_command(words)) return x->sentence;
  for (const auto& x : nouns())
    if (words.size() == 1 && x.word == words[0]) return x.sentence;
  return {};
}

} // namespace

std::string bash_completion() {
  std::string out = "# Completion of causeway for bash; made by `causeway completion bash`.\n"
                    "_causeway() {\n"
                    "  local word at='' skip='' i\n"
                    "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                    "  COMPREPLY=()\n"
                    "  case $before in\n"
                    "    " +
                    alternatives(&is_a_file) +
                    ") mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return ;;\n"
                    "    " +
                    alternatives(&takes_a_value) +
                    ") return ;;\n"
                    "  esac\n"
                    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                    "    word=${COMP_WORDS[i]}\n"
                    "    [ -n \"$skip\" ] && { skip=''; continue; }\n"
                    "    case $word in\n"
                    "      " +
                    alternatives(&takes_a_value) +
                    ") skip=yes ;;\n"
                    "      -*) ;;\n"
                    "      *) case \"$at/$word\" in\n";
  for (const auto& here : places()) {
    if (here.empty()) continue;
    const words_of_path before{here.begin(), here.end() - 1};
    out += "           " + shell_word(spaced(before) + "/" + std::string{here.back()}) +
           ") at=" + shell_word(spaced(here)) + " ;;\n";
  }
  out += "         esac ;;\n"
         "    esac\n"
         "  done\n"
         "  local words=''\n"
         "  case $at in\n";
  for (const auto& here : places()) {
    std::string options;
    for (const auto* x : options_behind(here)) options += (options.empty() ? "" : " ") + std::string{x->name};
    out += "    " + shell_word(spaced(here)) + ") words=" + shell_word(spaced(words_behind(here)));
    out += "; [[ $current == -* ]] && words=" + shell_word(options + " --help") + " ;;\n";
  }
  return out + "  esac\n"
               "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
               "}\n"
               "complete -o default -F _causeway causeway\n";
}

std::string zsh_completion() {
  std::string out = "#compdef causeway\n"
                    "# Completion of causeway for zsh; made by `causeway completion zsh`.\n"
                    "_causeway() {\n"
                    "  local at='' skip='' word\n"
                    "  local -a found\n"
                    "  case ${words[CURRENT-1]} in\n"
                    "    " +
                    alternatives(&is_a_file) +
                    ") _files; return ;;\n"
                    "    " +
                    alternatives(&takes_a_value) +
                    ") return ;;\n"
                    "  esac\n"
                    "  for word in ${words[2,CURRENT-1]}; do\n"
                    "    [[ -n $skip ]] && { skip=''; continue }\n"
                    "    case $word in\n"
                    "      " +
                    alternatives(&takes_a_value) +
                    ") skip=yes ;;\n"
                    "      -*) ;;\n"
                    "      *) case \"$at/$word\" in\n";
  for (const auto& here : places()) {
    if (here.empty()) continue;
    const words_of_path before{here.begin(), here.end() - 1};
    out += "           " + shell_word(spaced(before) + "/" + std::string{here.back()}) +
           ") at=" + shell_word(spaced(here)) + " ;;\n";
  }
  out += "         esac ;;\n"
         "    esac\n"
         "  done\n"
         "  case $at in\n";
  for (const auto& here : places()) {
    std::string words, options;
    for (const auto word : words_behind(here)) {
      auto whole = here;
      whole.push_back(word);
      words += " " + described(word, sentence_of(whole));
    }
    for (const auto* x : options_behind(here)) options += " " + described(x->name, x->doc);
    out += "    " + shell_word(spaced(here)) + ")\n      found=(" + words + " )\n      [[ $PREFIX == -* ]] && found=(" +
           options + " )\n      ;;\n";
  }
  return out + "  esac\n"
               "  if (( $#found )); then _describe 'causeway' found; else _files; fi\n"
               "}\n"
               "compdef _causeway causeway\n";
}

std::string fish_completion() {
  std::string out = "# Completion of causeway for fish; made by `causeway completion fish`.\n";
  for (const auto& x : common_options())
    out += "complete -c causeway -l " + std::string{x.name.substr(2)} + (x.value.empty() ? "" : " -r") + " -d " +
           shell_word(x.doc) + "\n";
  for (const auto& here : places()) {
    std::string seen;
    for (const auto word : here)
      seen += (seen.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + std::string{word});
    const auto next = words_behind(here);
    const auto condition = here.empty()   ? std::string{"__fish_use_subcommand"}
                           : next.empty() ? seen
                                          : seen + "; and not __fish_seen_subcommand_from " + spaced(next);
    for (const auto word : next) {
      auto whole = here;
      whole.push_back(word);
      out += "complete -c causeway -f -n " + shell_word(condition) + " -a " + shell_word(word) + " -d " +
             shell_word(sentence_of(whole)) + "\n";
    }
    const auto* x = find_command(here);
    if (x == nullptr) continue;
    for (const auto& p : x->takes)
      if (p.is_option())
        out += "complete -c causeway -n " + shell_word(condition) + " -l " + std::string{p.name.substr(2)} +
               (takes_a_value(p) ? " -r" : "") + " -d " + shell_word(p.doc) + "\n";
  }
  return out;
}

} // namespace causeway::tools
