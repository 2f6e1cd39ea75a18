#include "messages/matrix/json.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::matrix;

/// Strict numbers: what is accepted is canonical, and its canonical form is a fixed point.
FUZZ_TARGET(canonical_json) {
  const auto strict = json::parse(input, json::number_policy::strict);
  const auto lenient = json::parse(input, json::number_policy::lenient);
  if (!strict) return;
  causeway::fuzz::must(static_cast<bool>(lenient), "the lenient policy accepts what the strict one does");
  causeway::fuzz::must(json::is_canonical(*strict), "strict numbers are canonical");
  const auto text = json::canonical(*strict);
  const auto again = json::parse(text, json::number_policy::strict);
  causeway::fuzz::must(static_cast<bool>(again), "the canonical form is strict JSON");
  causeway::fuzz::must(*again == *strict, "the canonical form is the same value");
}
