#include "tests/tools/causeway/running.hpp"
#include "tests/tools/causeway/screen.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::tests;

/// `causeway top` and `--watch` as somebody sees them who sits at a terminal.
BOOST_AUTO_TEST_SUITE(causeway_live)

namespace {

/// What was expected is there within this time, or the test fails.
constexpr std::chrono::seconds patience{20};

class at_terminal {
public:
  at_terminal(const broker& of, const std::vector<std::string>& arguments, unsigned short columns = 80,
              unsigned short rows = 24)
      : shown_(columns, rows) {
    std::vector<std::string> words{CAUSEWAY_COMMAND, "--socket", of.endpoint};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& x : words) argv.push_back(x.data());
    argv.push_back(nullptr);
    std::array<const char*, 4> environment = {"TERM=vt100", "LC_ALL=C", "PATH=/usr/bin:/bin", nullptr};
    winsize size{rows, columns, 0, 0};
    child_ = forkpty(&master_, nullptr, nullptr, &size);
    if (child_ == 0) {
      execve(argv[0], argv.data(), const_cast<char**>(environment.data()));
      _exit(127);
    }
    BOOST_REQUIRE(child_ > 0);
  }
  ~at_terminal() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    close(master_);
  }
  at_terminal(const at_terminal&) = delete;
  at_terminal& operator=(const at_terminal&) = delete;

  void press(std::string_view keys) const { BOOST_REQUIRE(::write(master_, keys.data(), keys.size()) > 0); }
  void resize(unsigned short columns, unsigned short rows) {
    shown_.resize(columns, rows);
    winsize size{rows, columns, 0, 0};
    BOOST_REQUIRE_EQUAL(ioctl(master_, TIOCSWINSZ, &size), 0);
  }

  /// Reads on until `as_wanted`.
  void until(const std::function<bool()>& as_wanted, const std::string& what) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!as_wanted()) {
      const bool more = std::chrono::steady_clock::now() < end && read_some();
      BOOST_REQUIRE_MESSAGE(more || as_wanted(), what + " is not on the screen:\n" + shown_.text());
    }
  }
  void until_it_shows(const std::string& text) {
    until([&] { return shown_.text().find(text) != std::string::npos; }, text);
  }
  void until_line(std::size_t i, const std::string& text) {
    until([&] { return shown_.line(i) == text; }, text);
  }

  /// Waits for its end.
  int code() {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (read_some())
      BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end, "it does not end:\n" + shown_.text());
    int status = 0;
    BOOST_REQUIRE_EQUAL(waitpid(child_, &status, 0), child_);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  const screen& shown() const { return shown_; }
  const std::string& raw() const { return raw_; }

private:
  /// @returns false when it has ended
  bool read_some() {
    pollfd ready{master_, POLLIN, 0};
    poll(&ready, 1, 500);
    if (ready.revents == 0) return true;
    std::array<char, 4096> block{};
    const auto got = ::read(master_, block.data(), block.size());
    if (got <= 0) return false;
    raw_.append(block.data(), static_cast<std::size_t>(got));
    shown_.write({block.data(), static_cast<std::size_t>(got)});
    return true;
  }

  screen shown_;
  std::string raw_;
  int master_ = -1;
  pid_t child_ = -1;
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

} // namespace

BOOST_AUTO_TEST_CASE(top_is_seen_sorted_filtered_opened_and_left) {
  broker b;
  b.actors = [] {
    std::vector<admin::actor_row> rows(3);
    rows[0].kind = "room";
    rows[0].key = "!r:chat.example";
    rows[0].phase = "running";
    rows[1].kind = "remote_server";
    rows[1].key = "dead.example";
    rows[1].phase = "parked";
    rows[1].mailbox = 12;
    rows[2].kind = "session";
    rows[2].phase = "running";
    return rows;
  };
  at_terminal t{b, {"top"}};
  t.until_it_shows("dead.example");
  t.press("w"); // the same whenever it is looked at
  t.press("Sr");
  t.until_it_shows("WAITv");
  const std::string expected = " causeway top  chat.example 0.1.0  all is well\n"
                               "[1 Actors]  2 Servers   3 Invitations   4 Peers   5 Nodes\n"
                               "3 of 3, 1 parked, 2 running; rates since each was made\n"
                               "KIND          KEY                     PHASE       WAITv    AGE   RATE/S    TIME\n"
                               "remote_server dead.example            parked         12      -      0.0       -\n"
                               "room          !r:chat.example         running         0      -      0.0       -\n"
                               "session       -                       running         0      -      0.0       -\n" +
                               std::string(16, '\n') +
                               "q quit  h help  Enter open  / filter  s sort  r reverse  w window  p pause\n";
  t.until([&] { return t.shown().text() == expected; }, expected);

  t.press("/room\r");
  t.until_line(2, "1 of 1, 1 running; rates since each was made");
  t.press("\r");
  t.until_it_shows("What waits, and for what");
  BOOST_TEST(t.shown().line(1).starts_with("  room id"), t.shown().text());
  t.press("\x1b");
  t.until_it_shows("[1 Actors]");
  t.press("2");
  t.until_it_shows("1 of 1, 1 backing_off");
  t.until([&] { return t.shown().line(4).starts_with("dead.example"); }, "the row of dead.example");
  t.press("h");
  t.until_it_shows("NEXT TRY  when the next attempt");
  t.press("x4");
  t.until_it_shows("gateway-1");
  t.resize(100, 30);
  t.press("1");
  t.until([&] { return t.shown().line(29).starts_with("q quit"); }, "the line of keys at the bottom");
  t.press("p");
  t.until_it_shows("paused");
  t.press("q");
  BOOST_TEST(t.code() == 0);
  BOOST_TEST(t.shown().unknown().empty());
}

BOOST_AUTO_TEST_CASE(top_ends_in_order_when_interrupted_and_obeys_nobody_elses_text) {
  broker b;
  b.actors = [] {
    std::vector<admin::actor_row> rows(1);
    rows[0].kind = "room";
    rows[0].key = "!\x1b]0;title\x07\x1b[31mred";
    rows[0].phase = "running";
    return rows;
  };
  at_terminal t{b, {"top"}};
  t.until_it_shows("! ]0;title  [31mred");
  BOOST_TEST(t.raw().find("\x1b]0") == std::string::npos);
  BOOST_TEST(t.raw().find("\x1b[31m") == std::string::npos);
  t.press("\x03"); // Ctrl-C
  BOOST_TEST(t.code() == 0);
}

BOOST_AUTO_TEST_CASE(top_says_why_it_cannot_begin) {
  broker b;
  auto x = b.ask("top");
  BOOST_TEST(x.code == 2);
  BOOST_TEST(x.says("top needs a terminal"));
}

BOOST_AUTO_TEST_CASE(a_watched_list_is_drawn_in_place_on_a_terminal) {
  broker b;
  at_terminal t{b, {"rooms", "--watch", "0.1"}};
  t.until([&] { return count(t.raw(), "general") >= 3; }, "the list three times");
  t.until([&] { return t.shown().line(2).find("general") != std::string::npos; }, "the list");
  BOOST_TEST(count(t.shown().text(), "general") == 1u);
  BOOST_TEST(t.shown().line(1).starts_with("ROOM ID"));
  t.press("\x03");
  BOOST_TEST(t.code() == 0);
  BOOST_TEST(t.shown().unknown().empty());
}

BOOST_AUTO_TEST_CASE(a_watched_list_is_written_on_and_on_elsewhere_until_it_is_interrupted) {
  broker b;
  for (const bool as_json : {false, true}) {
    const auto file = b.dir.file(as_json ? "json" : "text");
    const auto child = fork();
    if (child == 0) {
      dup2(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
      execl(CAUSEWAY_COMMAND, "causeway", "--socket", b.endpoint.c_str(), "rooms", "--watch", "0.1",
            as_json ? "--json" : "--wide", nullptr);
      _exit(127);
    }
    BOOST_REQUIRE(child > 0);
    const auto end = std::chrono::steady_clock::now() + patience;
    while (count(read(file), "general") < 3 && std::chrono::steady_clock::now() < end) poll(nullptr, 0, 20);
    kill(child, SIGINT);
    int status = 0;
    BOOST_REQUIRE_EQUAL(waitpid(child, &status, 0), child);
    BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    const auto text = read(file);
    BOOST_TEST(count(text, "general") >= 3u);
    BOOST_TEST(text.find('\x1b') == std::string::npos);
    if (as_json) BOOST_TEST(static_cast<bool>(json::parse(text.substr(0, text.find('\n')))));
    else BOOST_TEST(count(text, "ROOM ID") >= 3u);
  }
  BOOST_TEST(run("--socket ipc://" + b.dir.file("absent.sock") + " rooms --watch").code == 3);
  BOOST_TEST(b.ask("rooms --watch 0").code == 2);
}

BOOST_AUTO_TEST_CASE(lists_are_sorted_and_filtered_as_one_wishes) {
  broker b;
  auto x = b.ask("servers --filter 'failures>=3' --columns server-name,failures");
  BOOST_TEST(x.out == "SERVER NAME   FAILURES\ndead.example         3\n");
  BOOST_TEST(b.ask("servers --filter 'failures>3'").says("No row is like that."));
  BOOST_TEST(b.ask("servers --filter dead --filter state=backing_off").says("dead.example"));
  BOOST_TEST(b.ask("servers --filter nobody").says("No row is like that."));
  x = b.ask("servers --filter 'failurs>3'");
  BOOST_TEST(x.code == 2);
  BOOST_TEST(x.says("did you mean `failures`?"));
  BOOST_TEST(*b.ask("servers --json --sort queued:desc --top 1").parsed().find_integer("total") == 1);
  BOOST_TEST(b.ask("dead-letters ls --since 5min").says("No row is like that."));
  BOOST_TEST(b.ask("edge --filter role=gateway --columns peer").out == "PEER\ngateway-1\n");
}

BOOST_AUTO_TEST_SUITE_END()
