#include "actors/room/message_names.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(room_message_names)

BOOST_AUTO_TEST_CASE(the_message_sent_last_is_known_whatever_its_id) {
  // The ids of a chat server are random: that which is first in the alphabet used to be forgotten, however new it was.
  room::message_names names;
  for (std::size_t i = 0; i < room::message_names::kept_max; ++i) names.bind("z" + std::to_string(i), "$old");
  names.bind("a", "$new");
  BOOST_REQUIRE(names.find("a"));
  BOOST_TEST(*names.find("a") == "$new");
  BOOST_TEST(!names.find("z0"));
  BOOST_TEST(names.find("z1"));
}

BOOST_AUTO_TEST_SUITE_END()
