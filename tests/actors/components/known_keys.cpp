#include "actors/known_keys.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(known_keys_of_doors)

BOOST_AUTO_TEST_CASE(a_key_means_something_while_it_has_an_actor_or_rows) {
  known_keys keys;
  BOOST_TEST(!keys.contains("!a"));
  keys.made("!a");
  BOOST_TEST(keys.contains("!a"));
  keys.ended("!a", false);
  BOOST_TEST(!keys.contains("!a")); // it has left nothing
  keys.made("!a");
  keys.ended("!a", true);
  BOOST_TEST(keys.contains("!a"));
}

BOOST_AUTO_TEST_CASE(what_is_on_disk_stays_known_when_its_actor_ends) {
  known_keys keys;
  keys.on_disk("!a");
  BOOST_TEST(keys.contains("!a"));
  keys.made("!a");
  keys.ended("!a", false);
  BOOST_TEST(keys.contains("!a"));
  BOOST_TEST(!keys.contains("!b"));
}

BOOST_AUTO_TEST_SUITE_END()
