#include "messages/html.hpp"
#include "messages/matrix/json.hpp"
#include "tests/fuzz/target.hpp"

using causeway::fuzz::must;

FUZZ_TARGET(html) {
  const auto shown = causeway::html::sanitized(input);
  must(shown.size() <= 6 * input.size() + 16 * causeway::html::depth_max, "what is shown is bounded");
  must(causeway::html::sanitized(shown) == shown, "what is safe stays as it is");
  must(shown.find("<script") == shown.npos && shown.find("<iframe") == shown.npos, "nothing in it runs");
  if (causeway::matrix::json::is_utf8(input)) must(causeway::matrix::json::is_utf8(shown), "what was text is text");
}
