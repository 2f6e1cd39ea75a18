#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway {

/// What becomes of an invitation that another server brings.
enum class invite_policy : std::uint8_t {
  allow,
  block, ///< 403 M_INVITE_BLOCKED
};
/// Which of our users may be in rooms that federate.
enum class federating_users : std::uint8_t {
  all,     ///< but those of whom `user.may_federate` says no
  allowed, ///< only those of whom it says yes
};

/// What `user.may_federate` has said of one of our users. Never renumber: it is on disk.
enum class user_right : std::uint8_t { unsaid = 0, yes = 1, no = 2 };
/// Whether a user may be in rooms that federate.
constexpr bool may_federate(federating_users rule, user_right said) {
  return said == user_right::yes || (said == user_right::unsaid && rule == federating_users::all);
}

/// What the chat server has set by `federation.configure`. It prevails over the option of the same meaning; what is
/// absent is as the configuration says (config/switched.hpp).
struct federation_switches {
  std::optional<bool> enabled, typing, receipts, presence;
  std::optional<std::vector<std::string>> allow, deny; ///< server names, or `*.` before a domain
  std::optional<invite_policy> invites;
  std::optional<federating_users> users;
  bool operator==(const federation_switches&) const = default;
};

/// What `more` sets takes the place of what was.
void merge(federation_switches& into, const federation_switches& more);

/// As it is kept.
std::string to_json(const federation_switches& x);
/// @returns fault bad_json
result<federation_switches> federation_switches_of(std::string_view json);

/// Servers of one list: entries.
inline constexpr std::size_t listed_servers_max = 1'000;
/// A server name, or `*.` before a domain: `*.b.example` is every server below that domain, not b.example itself.
bool is_server_pattern(std::string_view text);
/// Whether a server is among them. An entry without a port is the host, whatever the port.
/// @param patterns  as of `is_server_pattern`, or globs of the configuration
bool lists_server(const std::vector<std::string>& patterns, std::string_view server_name);

} // namespace causeway
