#include "tools/causeway/watch.hpp"

#include "tools/causeway/terminal.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <string>
#include <string_view>

namespace causeway::tools {

namespace {

constexpr double watch_seconds_default = 2;
constexpr double watch_seconds_min = 0.1; ///< a broker is asked ten times a second at most
constexpr double watch_seconds_max = 86'400;

volatile sig_atomic_t is_interrupted = 0;

/// Who presses Ctrl-C wants to leave at once, not when the broker has answered: waits are interrupted.
class interruption {
public:
  interruption() {
    struct sigaction action {};
    action.sa_handler = [](int) { is_interrupted = 1; };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &open_);
  }
  /// What may take long; ends early when interrupted, if it can.
  printed call(const std::function<printed()>& print) const {
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, &open_, &blocked);
    auto out = print();
    sigprocmask(SIG_SETMASK, &blocked, nullptr);
    return out;
  }
  /// @returns false when interrupted, then or before
  bool wait(double seconds) const {
    if (is_interrupted != 0) return false;
    timespec time{};
    time.tv_sec = static_cast<std::time_t>(seconds);
    time.tv_nsec = static_cast<long>((seconds - std::floor(seconds)) * 1e9);
    ppoll(nullptr, 0, &time, &open_); // the mask and the wait in one: no signal falls between them
    return is_interrupted == 0;
  }

private:
  sigset_t open_{};
};

bool parse_seconds(std::string_view text, double& out) {
  if (text.empty()) return true;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out);
  return wrong == std::errc{} && end == text.data() + text.size() && out >= watch_seconds_min &&
         out <= watch_seconds_max;
}

std::string clock_text() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm fields{};
  localtime_r(&now, &fields);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &fields)};
}

/// From the corner of the screen on, each line cleared to its end, and what is below: nothing flickers.
std::string in_place(const std::string& text) {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) size = {24, 80, 0, 0};
  const std::size_t lines_max = size.ws_row > 1 ? size.ws_row - 1U : 1U;
  std::string out = "\x1b[H";
  std::string_view rest{text};
  for (std::size_t line = 0; line < lines_max && !rest.empty(); ++line) {
    const auto end = rest.find('\n');
    out += clipped(rest.substr(0, end), size.ws_col) + "\x1b[K\r\n";
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return out + "\x1b[J";
}

} // namespace

int watch(const broker_request& x, const std::function<printed()>& print) {
  if (!x.watch.is_given) return put_out(print());
  double seconds = watch_seconds_default;
  if (!parse_seconds(x.watch.value, seconds))
    return put_out({exit_usage, {}, "causeway: --watch takes seconds, from 0.1 to 86400\n"});
  const interruption signals;
  const bool redraws = isatty(STDOUT_FILENO) != 0 && !x.how.json;
  for (bool first = true; true; first = false) {
    const auto now = signals.call(print);
    if (is_interrupted != 0) break;
    if (first && now.code != exit_ok) return put_out(now);
    if (x.how.json) put_out(now);
    else if (redraws)
      put_out({exit_ok, (first ? "\x1b[2J" : "") + in_place(clock_text() + "\n" + now.out + now.err), {}});
    else put_out({exit_ok, clock_text() + "\n" + now.out + now.err + "\n", {}});
    if (!signals.wait(seconds)) break;
  }
  return exit_ok;
}

} // namespace causeway::tools
