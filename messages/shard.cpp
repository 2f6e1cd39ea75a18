#include "messages/shard.hpp"

namespace causeway {

std::string to_string(const shard_set& x) {
  std::string text;
  for (std::size_t first = 0; first < shard_count; ++first) {
    if (!x.has(static_cast<shard_number>(first))) continue;
    auto last = first;
    while (last + 1 < shard_count && x.has(static_cast<shard_number>(last + 1))) ++last;
    if (!text.empty()) text += ", ";
    text += std::to_string(first);
    if (last > first) text += '-' + std::to_string(last);
    first = last;
  }
  return text;
}

} // namespace causeway
