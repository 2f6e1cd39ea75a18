#include "actors/room/fan_out_lane.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(room_fan_out_lane)

BOOST_AUTO_TEST_CASE(parts_come_out_in_order_and_a_server_waits_until_the_last_of_its_own) {
  room::fan_out_lane x;
  BOOST_TEST(x.empty());
  BOOST_TEST(!x.holds("a"));
  x.push({1, nullptr, "m", {"a", "b"}, 3});
  x.push({2, nullptr, "m", {"a", "c"}, 3});
  BOOST_TEST(x.size() == 2u);
  BOOST_TEST(x.holds("c"));
  BOOST_TEST(x.pop().number == 1);
  BOOST_TEST(x.holds("a"));
  BOOST_TEST(!x.holds("b"));
  BOOST_TEST(x.pop().number == 2);
  BOOST_TEST(!x.holds("a"));
  BOOST_TEST(x.empty());
}

BOOST_AUTO_TEST_SUITE_END()
