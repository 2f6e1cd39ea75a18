#include "tools/causeway/top/top.hpp"

#include "tools/causeway/terminal.hpp"
#include "tools/causeway/top/top_model.hpp"

#include <clocale>
#include <csignal>
#include <langinfo.h>
#include <ncurses.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <future>
#include <optional>
#include <string>
#include <utility>

namespace causeway::tools {

namespace {

using top::key;
using top::screen_line;
using top::top_model;
using top::wish;
using steady = std::chrono::steady_clock;

/// The broker is asked so often.
constexpr std::chrono::milliseconds pace{1'000};
/// So long one waits for a key before one looks whether an answer has come, and draws the countdowns anew.
constexpr int key_wait_ms = 100;
/// Who quits waits for the question that is under way; a broker that is well has answered by then.
constexpr std::uint32_t patience_ms = 4'000;

volatile sig_atomic_t is_ended = 0;

void end_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { is_ended = 1; };
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
}

/// The terminal, for as long as it is ours.
class terminal {
public:
  terminal() : screen_(newterm(nullptr, stdout, stdin)) {
    if (screen_ == nullptr) return;
    cbreak();
    noecho();
    nonl();
    curs_set(0);
    keypad(stdscr, TRUE);
    set_escdelay(25);
    timeout(key_wait_ms);
    // Names of rooms and people come in UTF-8; a terminal of another kind would show something else.
    is_utf8_ = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  }
  ~terminal() {
    if (screen_ == nullptr) return;
    endwin();
    delscreen(screen_);
  }
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  bool is_open() const { return screen_ != nullptr; }

  void draw(const top_model& model, std::int64_t now) const {
    erase();
    // One column stays free: a letter in the last one of the last line would scroll some terminals.
    const auto columns = static_cast<std::size_t>(COLS > 1 ? COLS - 1 : 1);
    const auto lines = model.lines(columns, static_cast<std::size_t>(LINES), now);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      attrset(attributes(lines[i].as));
      mvaddstr(static_cast<int>(i), 0, (is_utf8_ ? lines[i].text : in_ascii(lines[i].text)).c_str());
    }
    attrset(A_NORMAL);
    refresh();
  }

private:
  static attr_t attributes(screen_line::look x) {
    switch (x) {
    case screen_line::look::bar:
    case screen_line::look::selected: return A_REVERSE;
    case screen_line::look::heading: return A_BOLD;
    case screen_line::look::alert: return A_BOLD | A_REVERSE;
    default: return A_NORMAL;
    }
  }
  static std::string in_ascii(std::string text) {
    for (auto& c : text)
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    return text;
  }

  SCREEN* screen_;
  bool is_utf8_ = false;
};

struct answers {
  std::string id;
  reply list, status;
};

/// Asks while keys are being waited for.
class questioner {
public:
  explicit questioner(broker_address where) : where_(std::move(where)) {}

  bool is_busy() const { return under_way_.valid(); }
  void ask_for(const top::question& x) {
    under_way_ = std::async(std::launch::async, [where = where_, x] {
      auto list = tools::ask(where, x.command, x.with);
      auto status = tools::ask(where, "status", {});
      return answers{x.id, std::move(list), std::move(status)};
    });
  }
  std::optional<answers> take() {
    if (!is_busy() || under_way_.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return {};
    return under_way_.get();
  }

private:
  broker_address where_;
  std::future<answers> under_way_;
};

void hand_over(top_model& model, answers x) {
  if (x.status.outcome == reply::kind::done) model.take_status(x.status.body);
  if (x.list.outcome == reply::kind::done) model.take(x.id, std::move(x.list.body), now_ms());
  else if (x.list.outcome == reply::kind::refused) model.fail(text_of(x.list.body, "message"));
  else model.fail("cannot reach the broker: " + x.list.problem);
}

wish press(top_model& model, int code) {
  switch (code) {
  case KEY_UP: return model.press(key::up);
  case KEY_DOWN: return model.press(key::down);
  case KEY_PPAGE: return model.press(key::page_up);
  case KEY_NPAGE: return model.press(key::page_down);
  case KEY_HOME: return model.press(key::home);
  case KEY_END: return model.press(key::end);
  case KEY_ENTER:
  case '\r':
  case '\n': return model.press(key::enter);
  case '\t': return model.press(key::tab);
  case KEY_BTAB: return model.press(key::back_tab);
  case KEY_BACKSPACE:
  case 0x7f:
  case '\b': return model.press(key::erase);
  case 0x1b: return model.press(key::escape);
  default:
    // What is left of the control characters and of ncurses' codes (a new size: it is drawn anew anyhow) says nothing.
    if (code < ' ' || code > 0xff) return wish::nothing;
    return model.press(key::character, static_cast<char>(code));
  }
}

int live(const broker_request& x) {
  const terminal screen;
  if (!screen.is_open()) return put_out({exit_problem, {}, "causeway: this kind of terminal is not known (TERM)\n"});
  top_model model;
  auto where = x.where;
  where.answer_timeout_ms = std::min(where.answer_timeout_ms, patience_ms);
  questioner broker{where};
  auto next = steady::now();
  while (is_ended == 0) {
    if (auto came = broker.take()) hand_over(model, std::move(*came));
    if (!broker.is_busy() && !model.is_paused() && steady::now() >= next) {
      broker.ask_for(model.asked());
      next = steady::now() + pace;
    }
    screen.draw(model, now_ms());
    for (int code = getch(); code != ERR; code = getch()) {
      timeout(0); // what has been typed meanwhile, before it is drawn
      const auto wanted = press(model, code);
      if (wanted == wish::quit) return exit_ok;
      if (wanted == wish::ask_now) next = steady::now();
    }
    timeout(key_wait_ms);
  }
  return exit_ok;
}

} // namespace

int run_top(const broker_request& x) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)
    return put_out(
      {exit_usage, {}, "causeway: top needs a terminal; without one there is `causeway actors --watch`\n"});
  // Told while the terminal is still as it was.
  if (const auto first = ask(x.where, "status", {}); first.outcome != reply::kind::done)
    return put_out(failure(x, first));
  std::setlocale(LC_ALL, "");
  end_on_signals();
  return live(x);
}

} // namespace causeway::tools
