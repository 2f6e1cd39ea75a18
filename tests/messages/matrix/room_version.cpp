#include "messages/matrix/room_version.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(room_version)

namespace {

const room_version_rules& rules(std::string_view id) {
  const auto* found = find_room_version(id);
  BOOST_REQUIRE(found);
  return *found;
}

} // namespace

BOOST_AUTO_TEST_CASE(versions_1_to_12_are_known_and_no_other) {
  BOOST_TEST(room_versions().size() == 12u);
  for (std::size_t i = 0; i < room_versions().size(); ++i) BOOST_TEST(room_versions()[i].id == std::to_string(i + 1));
  for (auto id : {"", "0", "13", "01", "1.0", "org.matrix.msc2176", "11 "})
    BOOST_TEST(find_room_version(id) == nullptr);
}

BOOST_AUTO_TEST_CASE(each_difference_begins_with_its_version) {
  struct {
    std::string_view name;
    bool room_version_rules::*field;
    int first;
    int last;
  } const differences[]{
    {"strict canonical JSON", &room_version_rules::strict_canonical_json, 6, 12},
    {"key validity", &room_version_rules::enforce_key_validity, 5, 12},
    {"identifiers in bytes", &room_version_rules::identifier_bound_in_bytes, 11, 12},
    {"redaction auth rule", &room_version_rules::redaction_auth_rule, 1, 2},
    {"aliases auth rule", &room_version_rules::aliases_auth_rule, 1, 5},
    {"notifications levels", &room_version_rules::limit_notifications_levels, 6, 12},
    {"knock", &room_version_rules::knock, 7, 12},
    {"restricted join", &room_version_rules::restricted_join, 8, 12},
    {"knock_restricted", &room_version_rules::knock_restricted, 10, 12},
    {"integer power levels", &room_version_rules::integer_power_levels, 10, 12},
    {"implicit creator", &room_version_rules::implicit_creator, 11, 12},
    {"privileged creators", &room_version_rules::privileged_creators, 12, 12},
    {"room id is create hash", &room_version_rules::room_id_is_create_hash, 12, 12},
    {"redaction keeps aliases", &room_version_rules::redaction_keeps_aliases, 1, 5},
    {"redaction keeps allow", &room_version_rules::redaction_keeps_join_rules_allow, 8, 12},
    {"redaction keeps authoriser", &room_version_rules::redaction_keeps_join_authorised, 9, 12},
    {"updated redaction", &room_version_rules::redaction_updated, 11, 12},
  };
  for (const auto& x : differences)
    for (int version = 1; version <= 12; ++version)
      BOOST_TEST((rules(std::to_string(version)).*x.field) == (version >= x.first && version <= x.last),
                 x.name << " in " << version);
}

BOOST_AUTO_TEST_CASE(event_ids_and_state_resolution_change_where_they_should) {
  for (int version = 1; version <= 12; ++version) {
    const auto& x = rules(std::to_string(version));
    BOOST_TEST((x.event_ids == (version < 3    ? event_id_format::given
                                : version == 3 ? event_id_format::base64_hash
                                               : event_id_format::base64url_hash)));
    BOOST_TEST((x.state_resolution == (version == 1   ? state_resolution_algorithm::v1
                                       : version < 12 ? state_resolution_algorithm::v2
                                                      : state_resolution_algorithm::v2_1)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
