#include "tools/causeway/help.hpp"

#include "tools/causeway/meant_command.hpp"
#include "tools/causeway/suggestions.hpp"
#include "tools/causeway/terminal.hpp"

#include <algorithm>

namespace causeway::tools {

namespace {

constexpr std::size_t line_columns = 100;

/// `word` in a column of that width, `text` behind it, broken between words.
std::string entry(const std::string& word, std::size_t width, std::string_view text) {
  std::string out = "  " + padded(word, width, false) + "  ";
  const std::string margin(width + 4, ' ');
  std::size_t at = margin.size();
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    if (at + space > line_columns && at > margin.size()) {
      out.pop_back(); // the space before it
      out += "\n" + margin;
      at = margin.size();
    }
    out += std::string{text.substr(0, space)} + " ";
    at += space + 1;
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

std::string usage_word(const parameter& x) {
  return std::string{x.name} + (x.value.empty() ? "" : " " + std::string{x.value});
}

template <class Range>
std::string parameters(std::string_view title, const Range& range, bool options) {
  std::size_t widest = 0;
  for (const parameter& x : range)
    if (x.is_option() == options) widest = std::max(widest, usage_word(x).size());
  std::string out;
  for (const parameter& x : range)
    if (x.is_option() == options) out += entry(usage_word(x), widest, x.doc);
  return out.empty() ? out : "\n" + std::string{title} + "\n" + out;
}

std::string exit_codes(const command* x) {
  std::string out;
  for (const auto& usual : usual_exit_codes()) {
    auto meaning = usual.meaning;
    if (x != nullptr)
      for (const auto& own : x->exits)
        if (own.code == usual.code) meaning = own.meaning;
    out += entry(std::to_string(usual.code), 1, meaning);
  }
  return "\nExit codes\n" + out;
}

/// Options that take the next word, too.
bool takes_a_word(const parameter& x) { return !x.value.empty() && !x.value.starts_with('['); }

const parameter* find_option(std::string_view name, const command* of) {
  const auto is_it = [&](const parameter& x) { return x.name == name; };
  if (of != nullptr)
    if (const auto at = std::find_if(of->takes.begin(), of->takes.end(), is_it); at != of->takes.end()) return &*at;
  const auto common = common_options();
  const auto at = std::find_if(common.begin(), common.end(), is_it);
  return at == common.end() ? nullptr : &*at;
}

std::string list_of(const std::vector<std::string_view>& words) {
  std::string out;
  for (const auto word : words) out += (out.empty() ? "`" : ", `") + std::string{word} + "`";
  return out;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string out;
  for (const auto word : words) out += (out.empty() ? "" : " ") + std::string{word};
  return out;
}

/// "; did you mean `causeway server show`?", or nothing.
std::string command_meant(const std::vector<std::string_view>& paths) {
  std::string out;
  for (const auto path : paths)
    out += (out.empty() ? "; did you mean `causeway " : ", `causeway ") + std::string{path} + "`";
  return out.empty() ? out : out + "?";
}

std::string no_such_word(const std::vector<std::string_view>& before, std::string_view word, std::string_view next) {
  const auto known = words_behind(before);
  auto meant = command_meant(meant_commands(before, word, next));
  if (meant.empty()) meant = did_you_mean(word, known);
  const auto quoted = "`" + printable(word) + "`";
  if (before.empty())
    return "there is no " + quoted + (meant.empty() ? "; `causeway --help` tells what there is" : meant);
  if (meant.empty()) meant = known.empty() ? "; it is a list" : "; it has " + list_of(known);
  return "`" + joined(before) + "` has no " + quoted + meant;
}

std::string no_such_option(const command& of, std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& x : of.takes)
    if (x.is_option()) known.push_back(x.name);
  for (const auto& x : common_options()) known.push_back(x.name);
  const auto meant = did_you_mean(name, known);
  return "`" + std::string{of.path} + "` has no option `" + printable(name) + "`" +
         (meant.empty() ? "; `causeway " + std::string{of.path} + " --help` tells which it has" : meant);
}

bool is_help(std::string_view word) { return word == "-h" || word == "--help"; }

/// Goes through the words of a command line: `at` its next one, `found` those of its command so far.
class reader {
public:
  explicit reader(const std::vector<std::string>& words) : words_(words) { read_command(); }

  const std::vector<std::string_view>& found() const { return found_; }

  std::string complaint() const {
    if (!wrong_.empty()) return no_such_word(found_, wrong_, word_at(at_ + 1));
    const auto* x = find_command(found_);
    if (x == nullptr || !options_may_be_checked(*x)) return {};
    if (const auto extra = word_at(at_); is_verb_of_another(*x, extra)) return no_such_word(found_, extra, {});
    for (auto i = at_; i < words_.size() && words_[i] != "--"; ++i) {
      if (!words_[i].starts_with("--") || is_help(words_[i])) continue;
      const auto name = std::string_view{words_[i]}.substr(0, words_[i].find('='));
      const auto* option = find_option(name, x);
      if (option == nullptr) return no_such_option(*x, name);
      if (takes_a_word(*option) && name.size() == words_[i].size()) ++i;
    }
    return {};
  }

private:
  static bool options_may_be_checked(const command& x) { return x.path != "help"; }

  /// What stands behind a command that takes nothing but options, and would make another one of it.
  static bool is_verb_of_another(const command& x, std::string_view extra) {
    return std::ranges::all_of(x.takes, &parameter::is_option) && !meant_commands(x.words(), extra, {}).empty();
  }
  /// Empty: there is none, or it is an option.
  std::string_view word_at(std::size_t i) const {
    return i < words_.size() && !words_[i].starts_with('-') ? std::string_view{words_[i]} : std::string_view{};
  }

  void read_command() {
    for (; at_ < words_.size() && words_[at_] != "--"; ++at_) {
      const std::string_view word = words_[at_];
      if (word.starts_with('-')) {
        const auto* option = find_option(word, nullptr);
        if (option != nullptr && takes_a_word(*option)) ++at_;
        else if (option == nullptr && find_command(found_) != nullptr) return; // one of its own
        continue;
      }
      const auto known = words_behind(found_);
      const auto here = std::find(known.begin(), known.end(), word);
      if (here == known.end()) {
        if (find_command(found_) == nullptr) wrong_ = word; // else it is an argument
        return;
      }
      found_.push_back(*here);
    }
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  std::vector<std::string_view> found_;
  std::string_view wrong_;
};

} // namespace

std::string overview() {
  std::size_t widest = 0;
  for (const auto& x : commands()) widest = std::max(widest, usage(x).size());
  std::string out = "causeway: look at a running broker, find what keeps a message waiting, run the broker's parts.\n\n"
                    "  causeway NOUNS                 a list: rooms, servers, invites, actors\n"
                    "  causeway NOUN show WHICH       one of them, and what it waits for\n"
                    "  causeway NOUN VERB WHICH       changes something\n"
                    "  causeway COMMAND --help        its options, an example\n";
  for (const auto& goal : purposes()) {
    out += "\n" + std::string{goal.title} + "\n";
    for (const auto& x : commands())
      if (x.what_for == goal.what) out += entry(usage(x), widest, x.sentence);
    out += "  For example: " + std::string{goal.example} + "\n";
  }
  return out + parameters("Options of all commands", common_options(), true) + exit_codes(nullptr);
}

std::string help_of(const command& x) {
  std::string out = std::string{x.sentence} + ".\n\n  " + synopsis(x) + "\n";
  out += "\nFor example\n  causeway " + std::string{x.example} + "\n";
  out += parameters("Arguments", x.takes, false) + parameters("Options", x.takes, true) +
         parameters("Options of all commands", common_options(), true);
  if (x.changes)
    out += "\nIt changes something: the broker's admin endpoint has to be opened to us with the role admin.\n";
  return out + exit_codes(&x);
}

std::string help_of(const std::vector<std::string_view>& words) {
  std::string out;
  const auto* own = find_command(words);
  if (own != nullptr) out = help_of(*own);
  std::vector<const command*> verbs;
  for (const auto& x : commands()) {
    const auto path = x.words();
    if (path.size() > words.size() && std::equal(words.begin(), words.end(), path.begin())) verbs.push_back(&x);
  }
  if (verbs.empty() || words.empty()) return words.empty() ? overview() : out;
  if (own == nullptr)
    for (const auto& x : nouns())
      if (words.size() == 1 && x.word == words[0]) out = std::string{x.sentence} + ".\n";
  std::size_t widest = 0;
  for (const auto* x : verbs) widest = std::max(widest, usage(*x).size());
  out += own == nullptr ? "\n" : "\nSee also\n";
  for (const auto* x : verbs) out += entry(usage(*x), widest, x->sentence);
  if (own == nullptr) out += "\nFor example\n  causeway " + std::string{verbs.front()->example} + "\n";
  return out;
}

std::string unknown_word(const std::vector<std::string>& words) { return reader{words}.complaint(); }

std::vector<std::string_view> command_words(const std::vector<std::string>& words) { return reader{words}.found(); }

} // namespace causeway::tools
