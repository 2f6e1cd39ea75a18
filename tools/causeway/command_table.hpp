#pragma once
#include "tools/causeway/command_line.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Every command of `causeway`, once. From this table come the parser (command_tree.hpp), the help (help.hpp), the
/// suggestions for unknown words (help.hpp), the completions of shells (completions.hpp) and the manual page
/// (man_page.hpp). A new command is one entry in commands_of_broker.cpp, commands_of_operator.cpp or
/// commands_of_machine.cpp.
namespace causeway::tools {

/// What somebody wants who looks for a command.
enum class purpose : std::uint8_t { see_what_is_wrong, look, steer, set_up };

struct purpose_info {
  purpose what;
  std::string_view title;
  std::string_view example; ///< a line of a command, and for what
};
std::span<const purpose_info> purposes();

/// An argument or an option.
struct parameter {
  /// Of an argument `ROOM`, `[FILE]` (may be left out) or `[WORD...]` (any number); of an option `--filter`.
  std::string_view name;
  std::string_view value; ///< of an option: what stands for its value, `[N]` where it may be left out; empty: a flag
  std::string_view doc;
  place (*where)(command_line&);
  std::string (*check)(const std::string&) = nullptr; ///< what is wrong with the value; empty: nothing

  bool is_option() const { return name.starts_with('-'); }
  bool is_required() const { return !is_option() && !name.starts_with('['); }
};

struct exit_meaning {
  int code;
  std::string_view meaning;
};
/// What the exit codes of all commands mean.
std::span<const exit_meaning> usual_exit_codes();

struct command {
  std::string_view path; ///< its words: `rooms`, `room show`
  purpose what_for;
  std::string_view sentence; ///< what it tells or does
  std::string_view example;  ///< behind `causeway `
  std::vector<parameter> takes;
  std::function<int(const command_line&)> run;
  /// It changes something in the broker: its endpoint has to be opened to us with the role admin, not inspector.
  bool changes = false;
  std::vector<exit_meaning> exits = {}; ///< where a code means something else than usual
  /// A plugin of monitoring: 2 means critical there, so that what was called wrongly, or cannot be looked at, ends with
  /// 3, unknown, and a first line that says so.
  bool is_for_monitoring = false;

  std::vector<std::string_view> words() const;
};

/// A word that has commands below it and is none itself.
struct noun {
  std::string_view word, sentence;
};

/// In the order of help.
const std::vector<command>& commands();
std::span<const noun> nouns();
/// Options of all commands, before or behind their words.
std::span<const parameter> common_options();

/// Null when there is none of these words.
const command* find_command(const std::vector<std::string_view>& words);
/// Words that may stand behind these: the verbs of a noun; all nouns and commands behind none.
std::vector<std::string_view> words_behind(const std::vector<std::string_view>& words);

/// `server show NAME`
std::string usage(const command& x);
/// `causeway server show NAME [OPTION...]`
std::string synopsis(const command& x);

// -- what entries are made of --

/// The handler of a command that asks the broker.
std::function<int(const command_line&)> on_broker(int (*run)(const broker_request&));
/// The options that every list has, behind those of its own.
std::vector<parameter> list_takes(std::vector<parameter> own = {});
/// Of a value: what is wrong where it is no name of a file; empty: nothing.
std::string a_file_name(const std::string& text);

std::vector<command> commands_of_broker();
std::vector<command> commands_of_operator();
std::vector<command> commands_of_machine();

} // namespace causeway::tools
