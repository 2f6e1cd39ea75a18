#include "messages/timer_name.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace causeway {
namespace {

/// In the order of `timer_kind`. After a colon comes the number.
constexpr std::array<std::string_view, 27> timer_words = {
  "acknowledge", "alias",   "bound:", "calls",        "confirm", "deadline", "direct",    "fan_out",      "heartbeat",
  "idle",        "invites", "lazy",   "load",         "lookups", "notary",   "others",    "presence",     "receiving",
  "retry",       "retry:",  "send",   "shared_rooms", "starved", "sweep",    "user_asks", "user_updates", "watch"};
static_assert(timer_words.size() == static_cast<std::size_t>(timer_kind::watch) + 1);

} // namespace

std::string to_string(const timer_name& x) {
  std::string text{timer_words.at(static_cast<std::size_t>(x.kind))};
  if (text.ends_with(':')) text += std::to_string(x.number);
  return text;
}

} // namespace causeway
