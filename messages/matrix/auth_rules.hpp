#pragma once
#include "messages/matrix/event.hpp"
#include "messages/matrix/power_level.hpp"
#include "messages/matrix/state_map.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Authorisation of events. Source: "Room Versions", "Authorization rules"; each function quotes the rule it is.
namespace causeway::matrix {

/// State as the rules see it: the event at (type, state_key), or null.
using state_lookup = std::function<const event*(std::string_view type, std::string_view state_key)>;
/// An event by id, or null when unknown here.
using event_lookup = std::function<const event*(std::string_view event_id)>;

/// The (type, state_key) pairs a (not yet finished) event has to list in auth_events ("Auth events selection").
std::vector<state_key_pair> auth_types_for(const room_version_rules& rules, std::string_view type,
                                           std::string_view sender, const std::string* state_key,
                                           const json::object& content);
/// The event ids to list, from the current state.
std::vector<std::string> select_auth_events(const room_version_rules& rules, std::string_view type,
                                            std::string_view sender, const std::string* state_key,
                                            const json::object& content, const state_map& state);

/// Receipt check 4, first half: the rules on `auth_events` themselves: no duplicates, only selectable keys, same room,
/// none rejected, create present (absent in version 12).
/// @param find         resolves the listed ids; all must be known
/// @param is_rejected  whether a listed id was rejected
/// @returns faults forbidden (the detail names the rule), not_found (an id that `find` does not know: no verdict yet)
status check_auth_events(const event& x, const event_lookup& find,
                         const std::function<bool(std::string_view)>& is_rejected);
/// The state that `x`'s own auth_events make up, for the second half of check 4. Ids unknown to `find` are left out.
/// The events are looked up once, here; they have to outlive the result.
state_lookup lookup_in_auth_events(const event& x, const event_lookup& find);

/// The authorisation rules of the room's version against `state`. Asks `state` only for what `auth_types_for` lists.
/// Rule numbers are those of room version 12, whatever the room's version.
/// @param create  the room's create event (version 12 does not list it in auth_events); null only when `x` is the
/// create event
/// @pre signatures were verified, that of join_authorised_via_users_server's server included
/// @returns fault forbidden; the detail names the rule, e.g. "5.5.2 sender is not joined"
status check_auth(const event& x, const event* create, const state_lookup& state);

/// Power levels in force. `create` decides who the creators are; `power_levels` may be null (then the defaults of a
/// room without the event apply).
class power_levels {
public:
  power_levels(const event* create, const event* power_levels_event);

  // As the rules read them. Up to version 9 a room may hold levels that nobody can read (a text that is no number, a
  // list in the place of `events`): nothing is returned, and an event that depends on such a level is refused.
  std::optional<power_level> user(std::string_view user_id) const;
  /// `ban`, `kick`, `redact` (default 50), `invite` (default 0).
  std::optional<power_level> action(std::string_view action) const;
  std::optional<power_level> type(std::string_view type, bool is_state) const;

  // As one number, for all that is no rule. One that cannot be read counts as its default; a level beyond 64 bits as
  // the nearest.
  std::int64_t of_user(std::string_view user_id) const;
  /// `ban`, `kick`, `redact`, `state_default` (default 50), `invite`, `events_default`, `users_default` (default 0).
  std::int64_t of_action(std::string_view action) const;
  std::int64_t of_event(std::string_view type, bool is_state) const;
  std::int64_t of_notification(std::string_view key) const;
  bool is_creator(std::string_view user_id) const;

private:
  /// Member of the event's content; null when there is no event or no such member.
  const json::value* find(std::string_view key) const;

  const event* create_;
  const event* event_;
};

/// What the rules let a redaction do (room versions 3+: applied only then): level of `redact`, or same domain.
bool redaction_applies(const event& redaction, const event& target, const power_levels& levels);

} // namespace causeway::matrix
