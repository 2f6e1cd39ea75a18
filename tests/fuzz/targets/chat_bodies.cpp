#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "messages/matrix/json.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>

using namespace causeway::chat;

/// First line: the name of a command or notification; the rest: its msgpack body.
FUZZ_TARGET(chat_bodies) {
  const auto end = std::min(input.find('\n'), input.size());
  const auto name = input.substr(0, end), body = input.substr(std::min(end + 1, input.size()));
  std::vector<std::string> ignored;
  const auto told = decode_command(name, body, &ignored);
  causeway::fuzz::must(ignored.size() <= causeway::edge::unknown_fields_max,
                       "the fields that are not known are told within bounds");
  for (const auto& field : ignored) causeway::fuzz::must(causeway::matrix::json::is_utf8(field), "and are UTF-8");
  if (const auto x = decode_command(name, body)) {
    causeway::fuzz::must(static_cast<bool>(told), "who asks for them gets the same command");
    const auto again = decode_command(name, encode(*x));
    causeway::fuzz::must(static_cast<bool>(again), "a command that was read can be written and read again");
    causeway::fuzz::must(encode(*again) == encode(*x), "and stays the same");
  }
  if (const auto x = decode_notification(name, body)) {
    const auto again = decode_notification(name, encode(*x));
    causeway::fuzz::must(static_cast<bool>(again), "a notification that was read can be written and read again");
  }
  (void)decode_fault(body);
}
