#include "messages/edge/header.hpp"
#include "tests/fuzz/target.hpp"

using namespace causeway::edge;

namespace {

template <class Header>
void check(std::string_view bytes) {
  const auto x = decode_header<Header>(bytes);
  if (!x) return;
  const auto text = encode_header(*x);
  const auto again = decode_header<Header>(text);
  causeway::fuzz::must(static_cast<bool>(again), "a header that was read can be written and read again");
  causeway::fuzz::must(encode_header(*again) == text, "and stays the same");
}

} // namespace

/// A header of the chat edge, read as that of each verb.
FUZZ_TARGET(edge_frames) {
  check<hello_header>(input);
  check<welcome_header>(input);
  check<command_header>(input);
  check<result_header>(input);
  check<event_header>(input);
  check<ack_header>(input);
  check<nack_header>(input);
  check<credit_header>(input);
  check<ping_header>(input);
  check<seek_header>(input);
  check<sought_header>(input);
  check<bye_header>(input);
  check<error_header>(input);
}
