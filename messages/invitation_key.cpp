#include "messages/invitation_key.hpp"

#include "messages/matrix/identifiers.hpp"

#include <stdexcept>

namespace causeway::invitation {

namespace {

/// Where the bar between the two names is. Both may have one, a server name has none: only one of the cuts leaves two
/// ids.
std::string_view::size_type find_cut(std::string_view key) {
  for (auto bar = key.find("|@"); bar != std::string_view::npos; bar = key.find("|@", bar + 1))
    if (matrix::has_identifier_shape(key.substr(0, bar), '!', false) &&
        matrix::has_identifier_shape(key.substr(bar + 1), '@', true))
      return bar;
  return std::string_view::npos;
}

} // namespace

names names_in(const std::string& key) {
  const auto bar = find_cut(key);
  if (bar == std::string::npos) throw std::logic_error("not the key of an invitation: " + key);
  return {key.substr(0, bar), key.substr(bar + 1)};
}

shard_number shard_of(std::string_view key) { return causeway::shard_of(key.substr(0, find_cut(key))); }

} // namespace causeway::invitation
