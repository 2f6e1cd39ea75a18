#pragma once
#include "actors/room/attempt.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/fault.hpp"

#include <variant>

namespace causeway::room {

/// The command was carried out.
struct succeeded {
  chat::answer what;
  bool keep = true; ///< a repetition is answered from the store; not for queries
};
/// Another actor, or an answer that is awaited, says how the command ends.
struct ends_later {};

/// Invitations that it would leave behind are revoked first; then it is carried out again.
struct waits_for_withdrawals {};

/// How a handler leaves a command.
using command_outcome = std::variant<succeeded, fault, waits_for_policy_server, waits_for_withdrawals, ends_later>;

/// @pre `!tried`
template <class T>
command_outcome failed_like(const attempt<T>& tried) {
  if (tried.waits()) return waits_for_policy_server{};
  return tried.error();
}

} // namespace causeway::room
