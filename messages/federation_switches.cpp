#include "messages/federation_switches.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json.hpp"
#include "messages/matrix/server_acl.hpp"

#include <algorithm>

namespace causeway {
namespace {

using matrix::json::object;
using matrix::json::value;

constexpr std::string_view invite_words[] = {"allow", "block"};
constexpr std::string_view user_words[] = {"all", "allowed"};

value list_of(const std::vector<std::string>& texts) {
  matrix::json::array list;
  for (const auto& text : texts) list.emplace_back(text);
  return list;
}

/// Each member of the struct under its name, once: for writing and reading.
template <class Switches, class Visitor>
void for_each_switch(Switches& x, Visitor visit) {
  visit("enabled", x.enabled);
  visit("typing", x.typing);
  visit("receipts", x.receipts);
  visit("presence", x.presence);
  visit("allow", x.allow);
  visit("deny", x.deny);
  visit("invites", x.invites);
  visit("users", x.users);
}

struct to_value {
  value operator()(bool x) const { return x; }
  value operator()(const std::vector<std::string>& x) const { return list_of(x); }
  value operator()(invite_policy x) const { return invite_words[static_cast<std::size_t>(x)]; }
  value operator()(federating_users x) const { return user_words[static_cast<std::size_t>(x)]; }
};

template <class Enum, std::size_t N>
bool read_word(const value& from, const std::string_view (&words)[N], std::optional<Enum>& x) {
  const auto* word = from.as_string();
  const auto at = word ? std::find(std::begin(words), std::end(words), *word) : std::end(words);
  if (at == std::end(words)) return false;
  x = static_cast<Enum>(at - std::begin(words));
  return true;
}

bool read(const value& from, std::optional<bool>& x) {
  const auto* flag = from.as_bool();
  if (flag) x = *flag;
  return flag != nullptr;
}

bool read(const value& from, std::optional<std::vector<std::string>>& x) {
  const auto* list = from.as_array();
  if (!list) return false;
  x.emplace();
  for (const auto& one : *list) {
    if (!one.as_string()) return false;
    x->push_back(*one.as_string());
  }
  return true;
}

bool read(const value& from, std::optional<invite_policy>& x) { return read_word(from, invite_words, x); }
bool read(const value& from, std::optional<federating_users>& x) { return read_word(from, user_words, x); }

template <class T>
void take(std::optional<T>& into, const std::optional<T>& from) {
  if (from) into = from;
}

} // namespace

void merge(federation_switches& into, const federation_switches& more) {
  take(into.enabled, more.enabled);
  take(into.typing, more.typing);
  take(into.receipts, more.receipts);
  take(into.presence, more.presence);
  take(into.allow, more.allow);
  take(into.deny, more.deny);
  take(into.invites, more.invites);
  take(into.users, more.users);
}

std::string to_json(const federation_switches& x) {
  object out;
  for_each_switch(x, [&](const char* name, const auto& member) {
    if (member) out.set(name, to_value{}(*member));
  });
  return matrix::json::canonical(out);
}

result<federation_switches> federation_switches_of(std::string_view json) {
  const auto parsed = matrix::json::parse(json);
  if (!parsed || !parsed->as_object()) return {fault_code::bad_json, "no object"};
  federation_switches x;
  const char* wrong = nullptr;
  for_each_switch(x, [&](const char* name, auto& member) {
    const auto* found = parsed->find(name);
    if (found && !read(*found, member)) wrong = name;
  });
  if (wrong) return {fault_code::bad_json, wrong};
  return x;
}

bool is_server_pattern(std::string_view text) {
  if (!text.starts_with("*.")) return matrix::is_server_name(text);
  const auto parts = matrix::split_server_name(text.substr(2));
  return parts && !parts->is_ip_literal && !parts->port;
}

bool lists_server(const std::vector<std::string>& patterns, std::string_view server_name) {
  if (patterns.empty()) return false;
  const auto parts = matrix::split_server_name(server_name);
  const auto host = parts ? parts->host : server_name;
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
    return matrix::glob_matches(pattern, server_name) || matrix::glob_matches(pattern, host);
  });
}

} // namespace causeway
