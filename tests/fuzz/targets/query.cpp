#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/json.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::matrix;
using causeway::fuzz::must;

/// The query string of a request: what is taken apart is UTF-8, and a value survives being encoded and read again.
FUZZ_TARGET(query) {
  const auto matched = match_endpoint("GET", "/_matrix/federation/v1/query/directory?" + std::string{input});
  if (!matched) return;
  for (const auto& [name, value] : matched->query) {
    must(json::is_utf8(name) && json::is_utf8(value), "names and values are UTF-8");
    const auto again = match_endpoint("GET", "/_matrix/federation/v1/query/directory?x=" + percent_encode(value));
    must(again && again->query.at(0).second == value, "an encoded value is read as what it was");
  }
}
