#include "messages/matrix/json_lists.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::matrix;

/// What is parsed can be written, and what was written is parsed to the same.
FUZZ_TARGET(json) {
  const auto parsed = json::parse(input);
  const auto readable = json::parse_readable(input, {"pdus", "edus"});
  if (parsed && parsed->as_object())
    causeway::fuzz::must(readable && *readable == *parsed, "item by item or as a whole is the same");
  if (!parsed) return;
  causeway::fuzz::must(json::is_utf8(input), "a text that is no UTF-8 is refused");
  const auto text = json::canonical(*parsed);
  const auto again = json::parse(text);
  causeway::fuzz::must(static_cast<bool>(again), "what was written is JSON");
  causeway::fuzz::must(json::canonical(*again) == text, "writing twice gives the same bytes");
}
