#include "config/fields.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace causeway::config;

namespace {

/// Stands for a value of any member, to count the members of an aggregate.
struct anything {
  template <class T>
  operator T() const;
};
template <class T, class... Members>
consteval std::size_t members_of() {
  if constexpr (requires { T{Members{}..., anything{}}; }) return members_of<T, Members..., anything>();
  else return sizeof...(Members);
}

std::size_t fields_of(std::string_view section) {
  std::size_t n = 0;
  for (const auto& x : fields()) n += x.section == section ? 1 : 0;
  return n;
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_fields)

BOOST_AUTO_TEST_CASE(every_default_satisfies_its_own_check) {
  const options defaults;
  for (const auto& x : fields())
    BOOST_CHECK_MESSAGE(check(x, x.read(defaults)).empty(), x.key() + ": " + check(x, x.read(defaults)));
}

BOOST_AUTO_TEST_CASE(keys_are_unique_documented_and_found_by_name) {
  std::set<std::string> seen;
  for (const auto& x : fields()) {
    BOOST_CHECK_MESSAGE(seen.insert(x.key()).second, x.key());
    BOOST_CHECK_MESSAGE(x.doc.ends_with('.'), x.key());
    BOOST_CHECK_EQUAL(find_field(x.key()), &x);
  }
  BOOST_CHECK(!find_field("edge"));
  BOOST_CHECK(!find_field("edge."));
  BOOST_CHECK(!find_field("streams"));
}

BOOST_AUTO_TEST_CASE(every_member_of_the_options_has_a_field) {
  BOOST_TEST(fields_of("node") == members_of<node_options>());
  BOOST_TEST(fields_of("edge") == members_of<edge_options>());
  BOOST_TEST(fields_of("gateway") == members_of<gateway_options>());
  BOOST_TEST(fields_of("federation") == members_of<federation_options>());
  BOOST_TEST(fields_of("room") == members_of<room_options>());
  BOOST_TEST(fields_of("invitation") == members_of<invitation_options>());
  BOOST_TEST(fields_of("supervisor") == members_of<supervisor_options>());
  BOOST_TEST(fields_of("store") == members_of<store_options>());
  BOOST_TEST(fields_of("log") == members_of<log_options>());
}

BOOST_AUTO_TEST_CASE(each_section_has_fields_and_each_field_a_section) {
  std::set<std::string_view> named, used;
  for (const auto& x : sections()) named.insert(x.name);
  for (const auto& x : fields()) used.insert(x.section);
  BOOST_TEST(named == used);
}

BOOST_AUTO_TEST_CASE(what_is_written_to_a_field_is_read_from_it) {
  for (const auto& x : fields()) {
    value wanted;
    switch (x.kind) {
    case value_kind::flag: wanted = true; break;
    case value_kind::number: wanted = x.most; break;
    case value_kind::text: wanted = std::string{x.choices.empty() ? "some text" : x.choices.back()}; break;
    case value_kind::list: wanted = std::vector<std::string>{"a", "b"}; break;
    case value_kind::records:
      wanted = std::vector<record>{{{"public_key", "k"}, {"name", "n"}, {"role", "admin"}}};
      break;
    }
    options into;
    x.write(into, wanted);
    BOOST_CHECK_MESSAGE(x.read(into) == wanted, x.key());
    // No other field may have changed with it.
    const options defaults;
    for (const auto& other : fields())
      if (&other != &x)
        BOOST_CHECK_MESSAGE(other.read(into) == other.read(defaults), x.key() + " changes " + other.key());
  }
}

BOOST_AUTO_TEST_CASE(what_sighup_takes_over_is_said_of_each_option) {
  const std::set<std::string> sections{"federation", "room", "invitation"};
  // What rooms are made with, what the directory gathers as they are loaded, and what a supervisor has from the start.
  const std::set<std::string> at_start{"room.idle_s", "room.recent_events_max", "room.state_group_full_every",
                                       "federation.profiles_need_shared_room", "federation.fan_out_per_second"};
  const std::set<std::string> others{"edge.peers",
                                     "edge.outbox_retention_days",
                                     "edge.command_retention_days",
                                     "edge.dead_letter_retention_days",
                                     "store.received_transaction_retention_h",
                                     "log.level"};
  for (const auto& x : fields()) {
    const bool expected =
      others.contains(x.key()) || (sections.contains(std::string{x.section}) && !at_start.contains(x.key()));
    BOOST_CHECK_MESSAGE(x.is_reloadable == expected, x.key());
  }
}

BOOST_AUTO_TEST_CASE(a_unit_is_told_by_the_suffix_of_the_name) {
  BOOST_TEST(unit_of("heartbeat_ms") == "milliseconds");
  BOOST_TEST(unit_of("retry_delay_ms_max") == "milliseconds");
  BOOST_TEST(unit_of("idle_timeout_s") == "seconds");
  BOOST_TEST(unit_of("lifetime_h") == "hours");
  BOOST_TEST(unit_of("cache_kib") == "KiB");
  BOOST_TEST(unit_of("threads") == "");
}

BOOST_AUTO_TEST_CASE(values_are_printed_as_toml) {
  BOOST_TEST(to_toml(value{true}) == "true");
  BOOST_TEST(to_toml(value{std::uint64_t{42}}) == "42");
  BOOST_TEST(to_toml(value{std::string{"a\"b\\c\n\x01"}}) == R"("a\"b\\c\n\u0001")");
  BOOST_TEST(to_toml(value{std::vector<std::string>{"a", "b"}}) == R"(["a", "b"])");
  BOOST_TEST(to_toml(value{std::vector<record>{{{"name", "x"}}}}) == R"([{ name = "x" }])");
}

BOOST_AUTO_TEST_SUITE_END()
