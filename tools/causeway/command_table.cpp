#include "tools/causeway/command_table.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace causeway::tools {

std::span<const purpose_info> purposes() {
  static constexpr std::array<purpose_info, 4> all = {{
    {purpose::see_what_is_wrong, "See what is wrong",
     "causeway server show other.example    why its messages wait, in words"},
    {purpose::look, "Look", "causeway servers --filter 'queued>0' --sort oldest-waiting --watch"},
    {purpose::steer, "Steer", "causeway server retry other.example   it is up again: do not wait for the next attempt"},
    {purpose::set_up, "Set up", "causeway config check                 every problem, before the broker is started"},
  }};
  return all;
}

std::span<const exit_meaning> usual_exit_codes() {
  static constexpr std::array<exit_meaning, 4> all = {{
    {0, "it is done, and fine"},
    {1, "there is a problem; it was told"},
    {2, "the command line is wrong"},
    {3, "the broker cannot be reached"},
  }};
  return all;
}

std::span<const noun> nouns() {
  static constexpr std::array<noun, 10> all = {{
    {"room", "One room"},
    {"server", "One other server"},
    {"invite", "One invitation"},
    {"actor", "One actor"},
    {"cluster", "Nodes that share one store"},
    {"dead-letters", "Notifications the chat server has refused for good"},
    {"config", "The configuration"},
    {"store", "The store of a stopped broker"},
    {"media", "The files of a stopped broker"},
    {"contract", "The chat contract, printed from the codec"},
  }};
  return all;
}

std::vector<std::string_view> command::words() const {
  std::vector<std::string_view> out;
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto space = rest.find(' ');
    out.push_back(rest.substr(0, space));
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  }
  return out;
}

const std::vector<command>& commands() {
  static const auto all = [] {
    auto joined = commands_of_broker();
    std::ranges::move(commands_of_operator(), std::back_inserter(joined));
    std::ranges::move(commands_of_machine(), std::back_inserter(joined));
    std::ranges::stable_sort(joined, {}, &command::what_for);
    return joined;
  }();
  return all;
}

const command* find_command(const std::vector<std::string_view>& words) {
  const auto& all = commands();
  const auto at = std::find_if(all.begin(), all.end(), [&](const command& x) { return x.words() == words; });
  return at == all.end() ? nullptr : &*at;
}

std::vector<std::string_view> words_behind(const std::vector<std::string_view>& words) {
  std::vector<std::string_view> out;
  for (const auto& x : commands()) {
    const auto own = x.words();
    if (own.size() <= words.size() || !std::equal(words.begin(), words.end(), own.begin())) continue;
    if (std::find(out.begin(), out.end(), own[words.size()]) == out.end()) out.push_back(own[words.size()]);
  }
  return out;
}

std::string usage(const command& x) {
  std::string out{x.path};
  for (const auto& p : x.takes)
    if (!p.is_option()) out += " " + std::string{p.name};
  return out;
}

std::string synopsis(const command& x) {
  return "causeway " + usage(x) + (std::ranges::any_of(x.takes, &parameter::is_option) ? " [OPTION...]" : "");
}

std::function<int(const command_line&)> on_broker(int (*run)(const broker_request&)) {
  return [run](const command_line& x) { return run(x.request()); };
}

} // namespace causeway::tools
