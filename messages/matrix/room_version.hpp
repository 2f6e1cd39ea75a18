#pragma once
#include "messages/matrix/json.hpp"

#include <cstdint>
#include <span>
#include <string_view>

/// Room versions as a table of differences; nothing outside this table asks for a version number.
/// Source: "Room Versions" of the specification.
namespace causeway::matrix {

enum class event_id_format : std::uint8_t { given, base64_hash, base64url_hash };
enum class state_resolution_algorithm : std::uint8_t { v1, v2, v2_1 };

struct room_version_rules {
  std::string_view id;
  event_id_format event_ids = event_id_format::base64url_hash;
  state_resolution_algorithm state_resolution = state_resolution_algorithm::v2;
  bool strict_canonical_json = true; ///< 6+
  bool enforce_key_validity = true;  ///< 5+
  /// 11+: `sender`, `type`, ... are bounded in bytes. Before, servers count code points when they decide whether to
  /// keep an event at all, and reject (not drop) one that is over 255 bytes only; dropping it would fork the room.
  bool identifier_bound_in_bytes = true;
  bool redaction_auth_rule = false;       ///< 1-2: m.room.redaction checked by level or event-id domain
  bool aliases_auth_rule = false;         ///< 1-5: m.room.aliases special case
  bool limit_notifications_levels = true; ///< 6+: `notifications` part of the power level change checks
  bool knock = true;                      ///< 7+
  bool restricted_join = true;            ///< 8+
  bool knock_restricted = true;           ///< 10+
  bool integer_power_levels = true;       ///< 10+
  bool implicit_creator = true;           ///< 11+: the creator is the sender of m.room.create
  bool privileged_creators = false;       ///< 12: creators have infinite power, `additional_creators`
  bool room_id_is_create_hash = false;    ///< 12: no `room_id` in create, create never in auth_events
  // redaction
  bool redaction_keeps_aliases = false;         ///< 1-5
  bool redaction_keeps_join_rules_allow = true; ///< 8+
  bool redaction_keeps_join_authorised = true;  ///< 9+
  /// 11+: origin, membership and prev_state go; all of create, the invite level, `redacts` in the content stay.
  bool redaction_updated = true;

  json::number_policy number_policy() const {
    return strict_canonical_json ? json::number_policy::strict : json::number_policy::lenient;
  }
};

/// The rules of `id`, or null for a version Causeway does not know.
const room_version_rules* find_room_version(std::string_view id);
/// All known versions, oldest first; the `ver` list of make_join.
std::span<const room_version_rules> room_versions();

} // namespace causeway::matrix
