#include "messages/crossing/codec.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway;

/// A message of an actor to one on another node.
FUZZ_TARGET(crossings) {
  const auto x = crossing::decode(input);
  if (!x) return;
  const auto bytes = crossing::encode(*x);
  const auto again = crossing::decode(bytes);
  fuzz::must(static_cast<bool>(again), "a message that was read can be written and read again");
  fuzz::must(crossing::encode(*again) == bytes, "and stays the same");
}
