#include "messages/matrix/server_acl.hpp"

#include "messages/matrix/ascii.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::matrix {
namespace {

bool lists(const json::object& content, std::string_view key, std::string_view host) {
  const auto* x = content.find(key);
  const auto* globs = x ? x->as_array() : nullptr;
  return globs && std::any_of(globs->begin(), globs->end(), [&](const json::value& glob) {
           return glob.as_string() && glob_matches(*glob.as_string(), host);
         });
}

} // namespace

bool server_acl_allows(const json::object* content, std::string_view server_name) {
  if (!content) return true;
  const auto parts = split_server_name(server_name);
  if (!parts) return false;
  const auto* literals = content->find("allow_ip_literals");
  // Only the boolean false forbids them; a value of another kind counts as absent.
  if (parts->is_ip_literal && literals && literals->as_bool() && !*literals->as_bool()) return false;
  return !lists(*content, "deny", parts->host) && lists(*content, "allow", parts->host);
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  // On a mismatch only the latest '*' is tried again: what came before it matched as early as possible, and later would
  // gain nothing. That keeps the cost at the product of the lengths.
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || lowered(pattern[p]) == lowered(text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

} // namespace causeway::matrix
