#include "messages/matrix/server_acl.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>

using namespace causeway::matrix;

namespace {

char lower(char x) { return x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x; }

/// The definition, by a table: slow and plain.
bool matches(std::string_view pattern, std::string_view text) {
  std::vector<char> row(text.size() + 1, 0);
  row[0] = 1;
  for (const char p : pattern) {
    std::vector<char> next(text.size() + 1, 0);
    if (p == '*') {
      bool any = false;
      for (std::size_t i = 0; i <= text.size(); ++i) next[i] = any = any || row[i];
    } else {
      for (std::size_t i = 1; i <= text.size(); ++i)
        next[i] = row[i - 1] && (p == '?' || lower(p) == lower(text[i - 1]));
    }
    row = std::move(next);
  }
  return row.back();
}

} // namespace

/// First line: a pattern; the rest: a server name. The same answer as the definition gives.
FUZZ_TARGET(acl_globs) {
  input = input.substr(0, 2'000);
  const auto end = std::min(input.find('\n'), input.size());
  const auto pattern = input.substr(0, end), text = input.substr(std::min(end + 1, input.size()));
  causeway::fuzz::must(glob_matches(pattern, text) == matches(pattern, text), "a glob matches as defined");
  if (const auto content = json::parse(input); content && content->as_object())
    (void)server_acl_allows(content->as_object(), "evil.example");
}
