#pragma once
#include "messages/matrix/auth_rules.hpp"
#include "messages/matrix/state_map.hpp"

#include <functional>
#include <span>
#include <string_view>

/// State resolution v1, v2 and v2.1. Source: "Room Versions", versions 1, 2 and 12.
namespace causeway::matrix {

/// What resolution may ask of the room. All events of the auth chains must be at hand.
struct resolution_context {
  const room_version_rules* rules = nullptr;
  /// The room's create event.
  const event* create = nullptr;
  /// Any event of the states' auth chains; null when unknown (treated as rejected). What it returns stays valid until
  /// `resolve` is done.
  event_lookup find;
  std::function<bool(std::string_view event_id)> is_rejected;
};

/// Resolves two or more states into one. The order of `states` does not matter.
/// Cost: linear in the states, and in the auth chains of the conflicted events. The chains of the others are walked
/// only when a conflicted event rests on one that is not in conflict itself and not in every chain already (most often
/// an outdated m.room.power_levels), and only as far as it takes.
state_map resolve(std::span<const state_ptr> states, const resolution_context& context);

} // namespace causeway::matrix
