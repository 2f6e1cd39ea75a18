#include "tools/causeway/command_table.hpp"
#include "tests/tools/causeway/running.hpp"
#include "tools/causeway/completions.hpp"
#include "tools/causeway/help.hpp"
#include "tools/causeway/man_page.hpp"
#include "tools/causeway/meant_command.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace causeway::tools;
using causeway::tests::run;
using causeway::tests::scratch;

namespace {

std::vector<std::string> split(const std::string& line) {
  std::istringstream in{line};
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

std::string complaint(const std::string& line) { return unknown_word(split(line)); }

/// What bash offers behind these words, the last of which is being written.
std::set<std::string> offered(std::vector<std::string> words) {
  scratch dir;
  std::string line = "COMP_WORDS=(causeway";
  for (const auto& x : words) line += " '" + x + "'";
  const auto script = dir.write("try.bash", bash_completion() + line + ")\nCOMP_CWORD=" + std::to_string(words.size()) +
                                              "\n_causeway\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
  const auto out = dir.file("out");
  BOOST_REQUIRE_EQUAL(std::system(("bash '" + script + "' >'" + out + "' 2>&1").c_str()), 0);
  const auto found = split(causeway::tests::read(out));
  return {found.begin(), found.end()};
}

/// Pages for people, and sources whose texts name commands.
std::vector<std::filesystem::path> pages_with_commands() {
  const auto root = std::filesystem::path{CAUSEWAY_TEST_DATA}.parent_path();
  std::vector<std::filesystem::path> out;
  for (const auto& x : std::filesystem::directory_iterator{root})
    if (x.path().extension() == ".md") out.push_back(x.path());
  for (const char* folder : {"config", "plugin", "messages"})
    for (const auto& x : std::filesystem::recursive_directory_iterator{root / folder})
      if (const auto kind = x.path().extension();
          kind == ".md" || kind == ".cpp" || kind == ".example" || kind == ".yml")
        out.push_back(x.path());
  return out;
}

/// The words behind `causeway ` where a text has it between backticks or at the beginning of a line, as far as they are
/// plain: a form (`ls|retry`, NAME) is not looked at.
std::vector<std::vector<std::string>> commands_in(const std::string& text) {
  std::vector<std::vector<std::string>> out;
  const auto is_plain = [](const std::string& word) {
    return std::ranges::all_of(word, [](unsigned char c) { return std::islower(c) || c == '-'; });
  };
  const std::string name = "causeway ";
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    auto before = at;
    while (before > 0 && text[before - 1] == ' ') --before;
    const bool begins_line = (before == 0 || text[before - 1] == '\n') && at - before >= 4;
    const bool is_quoted = at > 0 && text[at - 1] == '`';
    if (!begins_line && !is_quoted) continue;
    const auto end = text.find_first_of("`\n", at);
    auto words = split(text.substr(at + name.size(), end - at - name.size()));
    words.erase(std::find_if_not(words.begin(), words.end(), is_plain), words.end());
    if (!words.empty() && words[0] != "ready") out.push_back(std::move(words)); // that is a line of the log
  }
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(commands_of_causeway)

BOOST_AUTO_TEST_CASE(every_entry_is_complete_and_there_once) {
  std::set<std::string_view> seen;
  for (const auto& x : commands()) {
    BOOST_TEST_CONTEXT(x.path) {
      BOOST_TEST(seen.insert(x.path).second);
      BOOST_TEST(static_cast<bool>(x.run));
      BOOST_TEST(x.sentence.size() > 10u);
      BOOST_TEST(!x.sentence.ends_with('.'));
      BOOST_TEST(std::isupper(static_cast<unsigned char>(x.sentence[0])));
      // The example is one of this command, and its words and options are known.
      BOOST_TEST((std::string{x.example} + " ").starts_with(std::string{x.path} + " "));
      BOOST_TEST(complaint(std::string{x.example}) == "");
      std::set<std::string_view> names;
      command_line line;
      for (const auto& p : x.takes) {
        BOOST_TEST(names.insert(p.name).second, p.name);
        BOOST_TEST(!p.doc.empty(), p.name);
        p.where(line);
      }
      for (const auto& common : common_options()) BOOST_TEST(!names.contains(common.name), common.name);
      const auto words = x.words();
      if (words.size() > 1 && find_command({words[0]}) == nullptr)
        BOOST_TEST(std::ranges::any_of(nouns(), [&](const noun& n) { return n.word == words[0]; }));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_list_sorts_filters_repeats_itself_and_reads_archives) {
  std::set<std::string_view> lists;
  for (const auto& x : commands()) {
    const auto has = [&](std::string_view name) {
      return std::ranges::any_of(x.takes, [&](const parameter& p) { return p.name == name; });
    };
    if (!has("--sort")) continue;
    lists.insert(x.path);
    for (const char* name :
         {"--watch", "--sort", "--top", "--filter", "--since", "--archive", "--columns", "--explain"})
      BOOST_TEST(has(name), x.path << " lacks " << name);
  }
  BOOST_TEST(std::ranges::any_of(common_options(), [](const parameter& p) { return p.name == "--json"; }));
  const std::set<std::string_view> wanted = {"rooms",           "servers", "invites",        "actors",
                                             "dead-letters ls", "keys",    "edge",           "streams",
                                             "receipts",        "audit",   "cluster status", "cluster history"};
  BOOST_TEST(lists == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_unknown_word_is_told_with_what_may_be_meant) {
  BOOST_TEST(complaint("sever") == "there is no `sever`; did you mean `server`, `servers`?");
  BOOST_TEST(complaint("--json sever") == "there is no `sever`; did you mean `server`, `servers`?");
  BOOST_TEST(complaint("--socket rooms sever").starts_with("there is no `sever`"));
  BOOST_TEST(complaint("make-coffee") == "there is no `make-coffee`; `causeway --help` tells what there is");
  BOOST_TEST(complaint("server shwo x") == "`server` has no `shwo`; did you mean `show`?");
  BOOST_TEST(complaint("actor lock") == "`actor` has no `lock`; it has `show`, `trace`");
  BOOST_TEST(complaint("rooms --sotr x") == "`rooms` has no option `--sotr`; did you mean `--sort`, `--set`?");
  BOOST_TEST(complaint("rooms --filter --sotr --sort=x --json --help") == "");
  BOOST_TEST(complaint("server show sever --explain") == "");
  BOOST_TEST(complaint("demo --keep -- --causewayd /x") == "");
  auto x = run("sever");
  BOOST_TEST(x.code == 2);
  BOOST_TEST(x.err == "causeway: there is no `sever`; did you mean `server`, `servers`?\n");
  // What is missing is told with how it is written.
  x = run("room show");
  BOOST_TEST(x.says("ROOM"));
  BOOST_TEST(x.says("For example: causeway room show general"));
  BOOST_TEST(run("rooms --top 0").code == 2);
  BOOST_TEST(run("rooms --sort nothing").says("there is no column `nothing`"));
}

BOOST_AUTO_TEST_CASE(words_in_another_order_and_of_other_programs_lead_to_the_command) {
  BOOST_TEST(complaint("retry server x") == "there is no `retry`; did you mean `causeway server retry`?");
  BOOST_TEST(complaint("show rooms") == "there is no `show`; did you mean `causeway room show`?");
  BOOST_TEST(complaint("compare") == "there is no `compare`; did you mean `causeway room compare`?");
  BOOST_TEST(complaint("rooms show x") == "`rooms` has no `show`; did you mean `causeway room show`?");
  BOOST_TEST(complaint("servers --json retry x") == "`servers` has no `retry`; did you mean `causeway server retry`?");
  BOOST_TEST(complaint("room list") == "`room` has no `list`; did you mean `causeway rooms`?");
  BOOST_TEST(complaint("server ls") == "`server` has no `ls`; did you mean `causeway servers`?");
  BOOST_TEST(complaint("cluster drain") == "`cluster` has no `drain`; did you mean `causeway drain`?");
  BOOST_TEST(complaint("nodes") == "there is no `nodes`; did you mean `causeway cluster status`?");
  BOOST_TEST(complaint("keys show") == ""); // a server may be called so
  BOOST_TEST(run("rooms show x").code == 2);
  for (const auto& x : other_words()) {
    BOOST_TEST(!unknown_word(split(std::string{x.word})).empty(), x.word);
    BOOST_TEST(unknown_word(split(std::string{x.path})) == "", x.path);
  }
}

BOOST_AUTO_TEST_CASE(the_version_is_told_as_the_broker_tells_it) {
  BOOST_TEST(run("--version").out == run("version").out);
  BOOST_TEST(run("--version").code == 0);
}

BOOST_AUTO_TEST_CASE(help_is_by_what_one_wants_and_names_every_command) {
  const auto all = overview();
  std::size_t at = 0;
  for (const auto& goal : purposes()) {
    const auto found = all.find("\n" + std::string{goal.title} + "\n", at);
    BOOST_REQUIRE(found != std::string::npos);
    at = found;
    auto example = split(std::string{goal.example}.substr(0, std::string{goal.example}.find("   ")));
    example.erase(example.begin());
    BOOST_TEST(unknown_word(example) == "");
  }
  for (const auto& x : commands()) BOOST_TEST(all.find("\n  " + std::string{x.path}) != std::string::npos, x.path);
  std::istringstream lines{all};
  for (std::string line; std::getline(lines, line);) BOOST_TEST(line.size() <= 110u, line);
  BOOST_TEST(run("--help").out == all);
  BOOST_TEST(run("help").out == all);
}

BOOST_AUTO_TEST_CASE(help_of_a_command_has_an_example_its_options_and_its_exit_codes) {
  for (const auto& x : commands()) {
    const auto text = help_of(x);
    BOOST_TEST(text.find("causeway " + std::string{x.example}) != std::string::npos, x.path);
    for (const auto& p : x.takes) BOOST_TEST(text.find(p.name) != std::string::npos, p.name);
    BOOST_TEST(text.find("\nExit codes\n  0  ") != std::string::npos);
  }
  const auto text = run("server show --help");
  BOOST_TEST(text.code == 0);
  BOOST_TEST(text.out.starts_with("Queue, transaction, back-off, keys of a server, and why its messages wait.\n\n"
                                  "  causeway server show NAME [OPTION...]\n"));
  BOOST_TEST(run("help server show").out == text.out);
  BOOST_TEST(run("status --help").says("1  something is wrong"));
  BOOST_TEST(run("server --help").says("server retry NAME"));
  const auto noun = run("server");
  BOOST_TEST(noun.code == 2);
  BOOST_TEST(noun.says("For example\n  causeway server show other.example"));
  BOOST_TEST(run("help sever").code == 2);
}

BOOST_AUTO_TEST_CASE(bash_completes_commands_verbs_options_and_not_values) {
  BOOST_TEST(offered({"ro"}) == (std::set<std::string>{"room", "rooms"}), boost::test_tools::per_element());
  BOOST_TEST(offered({"--json", "server", ""}) == (std::set<std::string>{"pause", "probe", "resume", "retry", "show"}),
             boost::test_tools::per_element());
  BOOST_TEST(offered({"rooms", "--so"}) == (std::set<std::string>{"--socket", "--sort"}),
             boost::test_tools::per_element());
  BOOST_TEST(offered({"status", "--so"}) == (std::set<std::string>{"--socket"}), boost::test_tools::per_element());
  BOOST_TEST(offered({"rooms", "--filter", "serv"}).empty());
  BOOST_TEST(offered({"--socket", "server", "roo"}) == (std::set<std::string>{"room", "rooms"}),
             boost::test_tools::per_element());
  BOOST_TEST(run("completion bash").out == bash_completion());
  BOOST_TEST(run("completion tcsh").code == 2);
}

BOOST_AUTO_TEST_CASE(all_completions_know_every_command) {
  for (const auto& text : {bash_completion(), zsh_completion(), fish_completion()})
    for (const auto& x : commands())
      for (const auto word : x.words()) BOOST_TEST(text.find(word) != std::string::npos, word);
}

BOOST_AUTO_TEST_CASE(the_manual_page_has_every_command_and_is_good_roff) {
  const auto page = man_page("1.2.3");
  BOOST_TEST(run("man").out.find(".TH CAUSEWAY 1") != std::string::npos);
  std::string plain = page;
  for (auto at = plain.find("\\-"); at != std::string::npos; at = plain.find("\\-", at)) plain.erase(at, 1);
  for (const auto& x : commands())
    BOOST_TEST(plain.find(".B causeway " + std::string{x.path}) != std::string::npos, x.path);
  for (const auto& x : list_takes()) BOOST_TEST(plain.find(std::string{x.name}) != std::string::npos, x.name);
  // No line begins a request that the page did not mean.
  static const std::set<std::string> requests = {".\\\"", ".TH", ".SH", ".B",  ".BR", ".I", ".RI",
                                                 ".TP",   ".IP", ".RS", ".RE", ".EX", ".EE"};
  std::istringstream lines{page};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with('.')) BOOST_TEST(requests.contains(line.substr(0, line.find(' '))), line);
    else BOOST_TEST(!line.starts_with('\''), line);
}

BOOST_AUTO_TEST_CASE(documents_use_commands_that_there_are) {
  std::size_t found = 0;
  for (const auto& page : pages_with_commands()) {
    const auto text = causeway::tests::read(page.string());
    for (const auto& line : commands_in(text)) {
      ++found;
      BOOST_TEST(unknown_word(line) == "", page.string() << ": " << line[0]);
    }
  }
  BOOST_TEST(found > 40u);
}

BOOST_AUTO_TEST_SUITE_END()
