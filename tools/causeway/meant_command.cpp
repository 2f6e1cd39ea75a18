#include "tools/causeway/meant_command.hpp"

#include "tools/causeway/command_table.hpp"

#include <algorithm>
#include <cstddef>

namespace causeway::tools {

namespace {

constexpr std::size_t meant_max = 3;

/// `server show` of `server`, `show`; null: there is none.
const command* joined_command(std::string_view noun, std::string_view verb) {
  return noun.empty() ? nullptr : find_command({noun, verb});
}

/// The noun of a list, `room` of `rooms`; empty: it is none.
std::string_view noun_of(std::string_view list) {
  if (!list.ends_with('s')) return {};
  list.remove_suffix(1);
  const auto all = nouns();
  return std::ranges::any_of(all, [&](const noun& x) { return x.word == list; }) ? list : std::string_view{};
}

/// The list of a noun, `rooms` of `room`; null: it has none.
const command* list_of_noun(std::string_view noun) {
  const auto& all = commands();
  const auto at = std::ranges::find_if(all, [&](const command& x) { return noun_of(x.path) == noun; });
  return noun.empty() || at == all.end() ? nullptr : &*at;
}

/// Commands whose verb it is, as `server retry` of `retry`.
std::vector<std::string_view> commands_of_verb(std::string_view verb) {
  std::vector<std::string_view> out;
  for (const auto& x : commands())
    if (const auto words = x.words(); words.size() == 2 && words[1] == verb) out.push_back(x.path);
  return out;
}

} // namespace

const std::vector<other_word>& other_words() {
  static const std::vector<other_word> all = {
    {"node", "cluster status"},
    {"nodes", "cluster status"},
    {"shard", "cluster status"},
    {"shards", "cluster status"},
    {"event", "why"},
    {"events", "why"},
    {"message", "why"},
    {"trace", "actor trace"},
    {"peer", "edge"},
    {"peers", "edge"},
    {"queue", "servers"},
    {"queues", "servers"},
    {"destinations", "servers"},
    {"federation", "servers"},
    {"invitation", "invites"},
    {"invitations", "invites"},
    {"health", "check"},
    {"metrics", "check"},
    {"probe", "server probe"},
    {"history", "cluster history"},
    {"upgrade", "cluster upgrade"},
  };
  return all;
}

std::vector<std::string_view> meant_commands(const std::vector<std::string_view>& before, std::string_view word,
                                             std::string_view next) {
  if (before.empty()) {
    // The verb first: of what, stands behind it, one or many of them.
    for (const auto noun : {next, noun_of(next)})
      if (const auto* x = joined_command(noun, word)) return {x->path};
    for (const auto& x : other_words())
      if (x.word == word) return {x.path};
    auto every = commands_of_verb(word);
    if (every.size() > meant_max) every.resize(meant_max);
    return every;
  }
  if (before.size() > 1) return {};
  // A list takes no verb, its noun does.
  if (const auto* x = joined_command(noun_of(before[0]), word)) return {x->path};
  const auto* own = find_command({word});
  if (find_command(before) == nullptr && own != nullptr) return {own->path};
  const auto* list = list_of_noun(before[0]);
  if (list != nullptr && (word == "ls" || word == "list")) return {list->path};
  return {};
}

} // namespace causeway::tools
