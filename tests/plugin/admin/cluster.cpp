#include "tests/plugin/admin/admin_rig.hpp"

#include <boost/test/unit_test.hpp>

/// Nodes that share the store, as an operator sees them.
namespace causeway::admin::testing {

BOOST_FIXTURE_TEST_SUITE(admin_cluster, fixture)

BOOST_AUTO_TEST_CASE(who_serves_comes_first_and_who_is_gone_last) {
  node.nodes.nodes = {{0xabc, "b", "", "1", "left", -5, 0, 0},
                      {0x123456789abc, "c", "tcp://c:1", "1", "standby", 4'000, 0, 0},
                      {1, "a", "", "1", "active", 3'000, 256, 7}};
  const auto body = ask("nodes");
  const auto& rows = *body.find_array("nodes");
  BOOST_TEST_REQUIRE(rows.size() == 3U);
  BOOST_TEST(*rows[0].find_string("name") == "a");
  BOOST_TEST(*rows[0].find_string("incarnation") == "000000000001");
  BOOST_TEST(*rows[0].find_integer("shards") == 256);
  BOOST_TEST(*rows[0].find_integer("epoch") == 7);
  BOOST_TEST(*rows[1].find_string("state") == "standby");
  BOOST_TEST(*rows[1].find_string("endpoints") == "tcp://c:1");
  BOOST_TEST(*rows[1].find_string("incarnation") == "123456789abc");
  BOOST_TEST(*rows[1].find_integer("lease_left_ms") == 4'000);
  BOOST_TEST(*rows[2].find_string("state") == "left");
}

BOOST_AUTO_TEST_CASE(a_store_of_one_process_has_no_nodes) {
  const auto body = ask("nodes");
  BOOST_TEST(body.find_array("nodes")->empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::admin::testing
