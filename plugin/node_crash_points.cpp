#include "plugin/node_crash_points.hpp"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <optional>

namespace causeway::crash {

#ifdef CAUSEWAY_CRASH_POINTS

namespace {

armed_point the_armed;
std::atomic<std::uint32_t> times_passed = 0;

template <class List>
std::string text_of(const List& list) {
  std::string out;
  for (const auto& x : list) {
    constexpr std::size_t column = 34;
    out += x.name;
    out.append(x.name.size() < column ? column - x.name.size() : 1, ' ');
    out += x.says;
    out += '\n';
  }
  return out;
}

template <class List>
auto find_named(const List& list, std::string_view name) -> std::optional<decltype(list.front().what)> {
  for (const auto& x : list)
    if (x.name == name) return x.what;
  return std::nullopt;
}

std::optional<std::uint32_t> read_passing(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

/// Says so on standard error, unbuffered: the last that is heard of the process.
void tell(const char* what, std::string_view name) {
  char line[128];
  const int length = std::snprintf(line, sizeof line, "causewayd: crash point %.*s: %s\n",
                                   static_cast<int>(name.size()), name.data(), what);
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line, static_cast<std::size_t>(length));
}

void on_armed_pass(point x) {
  if (x != the_armed.at || times_passed.fetch_add(1) + 1 != the_armed.passing) return;
  const auto name = points[static_cast<std::size_t>(x)].name;
  tell(the_armed.holds ? "held" : "passed", name);
  if (!the_armed.holds) ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

} // namespace

std::string points_text() { return text_of(points); }
std::string mutants_text() { return text_of(mutants); }

result<armed_point> read_armed_point(const std::string& text) {
  const auto wrong = [&](const std::string& why) -> result<armed_point> {
    return {fault_code::invalid_param, std::string{crash_variable} + "=" + text + ": " + why};
  };
  std::string_view rest = text;
  const auto next = [&rest] {
    const auto colon = rest.find(':');
    const auto word = rest.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
    return word;
  };
  armed_point out;
  const auto name = next();
  const auto at = find_named(points, name);
  if (!at) return wrong("there is no crash point '" + std::string{name} + "'; causewayd --crash-points lists them");
  out.at = *at;
  while (!rest.empty()) {
    const auto word = next();
    if (word == "hold") out.holds = true;
    else if (const auto number = read_passing(word)) out.passing = *number;
    else return wrong("'" + std::string{word} + "' is neither a number from 1 nor hold");
  }
  return out;
}

result<mutant> read_mutant(const std::string& text) {
  if (const auto found = find_named(mutants, text)) return *found;
  return {fault_code::invalid_param, std::string{mutant_variable} + "=" + text + ": there is no mutant of that name; " +
                                       "causewayd --mutants lists them"};
}

void arm(const armed_point& x) {
  the_armed = x;
  times_passed = 0;
  detail::on_pass.store(&on_armed_pass, std::memory_order_release);
}

void plant(mutant x) { detail::planted = x; }

status arm_from(const char* crash_at, const char* planted) {
  if (planted != nullptr && *planted != '\0') {
    const auto found = read_mutant(planted);
    if (!found) return found.error();
    plant(*found);
  }
  if (crash_at != nullptr && *crash_at != '\0') {
    const auto found = read_armed_point(crash_at);
    if (!found) return found.error();
    arm(*found);
  }
  return ok();
}

#else

std::string points_text() { return {}; }
std::string mutants_text() { return {}; }
result<armed_point> read_armed_point(const std::string&) {
  return {fault_code::invalid_param, "this build has no crash points"};
}
result<mutant> read_mutant(const std::string&) { return {fault_code::invalid_param, "this build has no mutants"}; }
void arm(const armed_point&) {}
void plant(mutant) {}
status arm_from(const char*, const char*) { return ok(); }

#endif

} // namespace causeway::crash
