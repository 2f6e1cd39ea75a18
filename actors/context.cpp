#include "actors/context.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/server_acl.hpp"

#include <algorithm>

namespace causeway {

bool context::is_local(std::string_view user_id) const { return matrix::server_name_of(user_id) == server_name; }

std::uint32_t context::stream_of(std::string_view room_id) const {
  std::uint64_t hash = 14'695'981'039'346'656'037u; // FNV-1a: the same on every machine and release
  for (unsigned char c : room_id) hash = (hash ^ c) * 1'099'511'628'211u;
  return static_cast<std::uint32_t>(hash % streams);
}

bool context::admits(std::string_view other_server) const {
  auto listed = [&](const auto& globs) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const auto& g) { return matrix::glob_matches(g, other_server); });
  };
  if (other_server == server_name) return true; // the lists are about others
  if (listed(federation.deny_servers)) return false;
  return federation.allow_servers.empty() || listed(federation.allow_servers);
}

} // namespace causeway
