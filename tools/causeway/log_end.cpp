#include "tools/causeway/log_end.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace causeway::tools {

namespace {

constexpr std::size_t end_bytes_max = 512 * 1024;
constexpr std::chrono::seconds journal_patience{10};

/// The last lines that fit.
std::string last_lines(std::string text) {
  if (text.size() <= end_bytes_max) return text;
  text.erase(0, text.size() - end_bytes_max);
  const auto line = text.find('\n');
  text.erase(0, line == std::string::npos ? line : line + 1);
  return text;
}

std::string end_of_file(const std::string& file) {
  std::ifstream from{file, std::ios::binary | std::ios::ate};
  if (!from) return {};
  const auto size = static_cast<std::uintmax_t>(from.tellg());
  const auto begin = size > end_bytes_max + 1 ? size - end_bytes_max - 1 : 0; // one more: last_lines cuts a line there
  from.seekg(static_cast<std::streamoff>(begin));
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  from.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(from.gcount()));
  return last_lines(std::move(text));
}

/// Reads until the other end is closed. @returns false when that took too long
bool read_all(int from, std::string& to) {
  const auto until = std::chrono::steady_clock::now() + journal_patience;
  std::array<char, 16 * 1024> block{};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd waits{from, POLLIN, 0};
    if (left <= 0 || poll(&waits, 1, static_cast<int>(left)) <= 0) return false;
    const auto n = ::read(from, block.data(), block.size());
    if (n <= 0) return n == 0;
    to.append(block.data(), static_cast<std::size_t>(n));
    if (to.size() > 2 * end_bytes_max) to = last_lines(std::move(to));
  }
}

/// What the journal has of the service; empty: nothing, or there is no journal.
std::string end_of_journal() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  const auto child = fork();
  if (child == 0) {
    const int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    execlp("journalctl", "journalctl", "--unit", "causewayd", "--lines", "5000", "--output", "short-iso", "--quiet",
           "--no-pager", static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[1]);
  std::string text;
  const bool is_whole = child > 0 && read_all(ends[0], text);
  close(ends[0]);
  if (child < 0) return {};
  if (!is_whole) kill(child, SIGKILL);
  int status = 0;
  const bool has_ended = waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return is_whole && has_ended ? last_lines(std::move(text)) : std::string{};
}

} // namespace

log_end find_end_of_log(const std::string& file) {
  if (file.empty()) {
    auto text = end_of_journal();
    const bool is_there = !text.empty();
    return {std::move(text), is_there ? "" : "log.file is not set, and `journalctl -u causewayd` has nothing to read"};
  }
  auto text = end_of_file(file);
  const bool is_there = !text.empty();
  return {std::move(text), is_there ? "" : file + " cannot be read, or is empty"};
}

} // namespace causeway::tools
