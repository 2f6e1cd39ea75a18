#include "messages/matrix/room_version.hpp"

#include <algorithm>
#include <array>

namespace causeway::matrix {
namespace {

/// `base` under another id, with what `change` changes.
template <class Change>
constexpr room_version_rules differs(room_version_rules base, std::string_view id, Change change) {
  base.id = id;
  change(base);
  return base;
}

constexpr room_version_rules v1{
  .id = "1",
  .event_ids = event_id_format::given,
  .state_resolution = state_resolution_algorithm::v1,
  .strict_canonical_json = false,
  .enforce_key_validity = false,
  .identifier_bound_in_bytes = false,
  .redaction_auth_rule = true,
  .aliases_auth_rule = true,
  .limit_notifications_levels = false,
  .knock = false,
  .restricted_join = false,
  .knock_restricted = false,
  .integer_power_levels = false,
  .implicit_creator = false,
  .privileged_creators = false,
  .room_id_is_create_hash = false,
  .redaction_keeps_aliases = true,
  .redaction_keeps_join_rules_allow = false,
  .redaction_keeps_join_authorised = false,
  .redaction_updated = false,
};
constexpr auto v2 = differs(v1, "2", [](auto& x) { x.state_resolution = state_resolution_algorithm::v2; });
constexpr auto v3 = differs(v2, "3", [](auto& x) {
  x.event_ids = event_id_format::base64_hash;
  x.redaction_auth_rule = false;
});
constexpr auto v4 = differs(v3, "4", [](auto& x) { x.event_ids = event_id_format::base64url_hash; });
constexpr auto v5 = differs(v4, "5", [](auto& x) { x.enforce_key_validity = true; });
constexpr auto v6 = differs(v5, "6", [](auto& x) {
  x.strict_canonical_json = true;
  x.aliases_auth_rule = false;
  x.limit_notifications_levels = true;
  x.redaction_keeps_aliases = false;
});
constexpr auto v7 = differs(v6, "7", [](auto& x) { x.knock = true; });
constexpr auto v8 = differs(v7, "8", [](auto& x) {
  x.restricted_join = true;
  x.redaction_keeps_join_rules_allow = true;
});
constexpr auto v9 = differs(v8, "9", [](auto& x) { x.redaction_keeps_join_authorised = true; });
constexpr auto v10 = differs(v9, "10", [](auto& x) {
  x.knock_restricted = true;
  x.integer_power_levels = true;
});
constexpr auto v11 = differs(v10, "11", [](auto& x) {
  x.identifier_bound_in_bytes = true;
  x.implicit_creator = true;
  x.redaction_updated = true;
});
constexpr auto v12 = differs(v11, "12", [](auto& x) {
  x.state_resolution = state_resolution_algorithm::v2_1;
  x.privileged_creators = true;
  x.room_id_is_create_hash = true;
});

constexpr std::array versions{v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12};

} // namespace

const room_version_rules* find_room_version(std::string_view id) {
  const auto* row = std::find_if(versions.begin(), versions.end(), [&](const auto& x) { return x.id == id; });
  return row == versions.end() ? nullptr : row;
}

std::span<const room_version_rules> room_versions() { return versions; }

} // namespace causeway::matrix
