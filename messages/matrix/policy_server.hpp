#pragma once
#include "messages/matrix/event.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The server a room has chosen to look at every event before it is taken. Source: server-server-api, "Policy Servers".
namespace causeway::matrix {

/// Its signature always stands under this key id; the key is in the room's state, not among those the server publishes.
inline constexpr std::string_view policy_server_key_id = "ed25519:policy_server";

struct policy_server {
  std::string via;               ///< server name
  std::string public_key_base64; ///< ed25519
  bool operator==(const policy_server&) const = default;
};

/// The policy server a state event m.room.policy with an empty state key names; nothing when `via` or the key is
/// missing. The room uses it only while that server has a joined user.
std::optional<policy_server> policy_server_of(const event& x);

/// Every event but the m.room.policy state event with an empty state key, which chooses the policy server.
bool needs_policy_signature(std::string_view type, const std::optional<std::string>& state_key);

/// Whether the event has a valid signature of the policy server. About 80 us.
bool has_policy_signature(const event& x, const policy_server& by);

/// The signature in an answer of POST /_matrix/policy/v1/sign, added to the event beside the signatures it has.
/// @returns faults peer_bad_answer (no signature), bad_signature, too_large (the event has no room for it)
result<event_ptr> with_policy_signature(const event& x, const policy_server& by, std::string_view answer);

} // namespace causeway::matrix
