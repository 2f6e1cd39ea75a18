#include "actors/directory/invitation_list.hpp"

#include <charconv>
#include <system_error>

namespace causeway::directory {

std::string text_of(const store::invitation_place& x) {
  return std::to_string(x.rank) + "." + std::to_string(x.since_ts) + "." + std::to_string(x.number);
}

std::optional<store::invitation_place> place_of(std::string_view text) {
  store::invitation_place x;
  const auto* at = text.data();
  const auto* const end = text.data() + text.size();
  for (auto* number : {&x.rank, &x.since_ts, &x.number}) {
    if (number != &x.rank) {
      if (at == end || *at != '.') return {};
      ++at;
    }
    const auto read = std::from_chars(at, end, *number);
    if (read.ec != std::errc{}) return {};
    at = read.ptr;
  }
  if (at != end) return {};
  return x;
}

} // namespace causeway::directory
