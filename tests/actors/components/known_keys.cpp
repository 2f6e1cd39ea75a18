#include "actors/known_keys.hpp"

#include "messages/invitation_key.hpp"

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

BOOST_AUTO_TEST_CASE(what_is_on_disk_of_a_shard_is_forgotten_with_the_shard) {
  known_keys rooms, invitations{&invitation::shard_of};
  for (const std::string room : {"!a:x", "!b:x"}) {
    rooms.on_disk(room);
    invitations.on_disk(room + "|@ann:x");
  }
  rooms.made("!b:x");
  BOOST_REQUIRE(shard_of("!a:x") != shard_of("!b:x"));
  for (auto* keys : {&rooms, &invitations}) keys->forget(shard_set{shard_of("!b:x")});
  BOOST_TEST(rooms.contains("!a:x"));
  BOOST_TEST(invitations.contains("!a:x|@ann:x"));
  BOOST_TEST(!invitations.contains("!b:x|@ann:x"));
  BOOST_TEST(rooms.contains("!b:x")); // it has an actor, until that ends
  rooms.ended("!b:x", false);
  BOOST_TEST(!rooms.contains("!b:x"));
  rooms.on_disk("!b:x"); // the shard is taken again
  BOOST_TEST(rooms.contains("!b:x"));
}

BOOST_AUTO_TEST_SUITE_END()
