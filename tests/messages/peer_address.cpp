#include "messages/peer_address.hpp"

#include <boost/test/unit_test.hpp>

using causeway::peer_of;

BOOST_AUTO_TEST_SUITE(peer_address)

BOOST_AUTO_TEST_CASE(an_ipv4_address_is_one_peer_whatever_its_port) {
  BOOST_TEST(peer_of("192.0.2.1:443") == "192.0.2.1");
  BOOST_TEST(peer_of("192.0.2.1:50000") == "192.0.2.1");
  BOOST_TEST(peer_of("192.0.2.1") == "192.0.2.1");
  BOOST_TEST(peer_of("192.0.2.2:443") != peer_of("192.0.2.1:443"));
}

BOOST_AUTO_TEST_CASE(of_ipv6_the_whole_network_of_a_customer_is_one_peer) {
  BOOST_TEST(peer_of("[2001:db8:0:1::1]:443") == "2001:db8:0:1::/64");
  BOOST_TEST(peer_of("[2001:db8:0:1:ffff:ffff:ffff:ffff]:1") == "2001:db8:0:1::/64");
  BOOST_TEST(peer_of("2001:DB8:0:1::5") == "2001:db8:0:1::/64");
  BOOST_TEST(peer_of("[2001:db8:0:2::1]:443") == "2001:db8:0:2::/64");
  BOOST_TEST(peer_of("[fe80::1%eth0]:443") == "fe80::/64");
}

BOOST_AUTO_TEST_CASE(an_ipv4_address_in_the_clothes_of_ipv6_is_the_same_peer) {
  BOOST_TEST(peer_of("[::ffff:192.0.2.1]:443") == "192.0.2.1");
  BOOST_TEST(peer_of("::ffff:c000:201") == "192.0.2.1");
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_nobody) {
  for (const char* text :
       {"", ":", "[", "[]", "[::1", "host:443", "1.2.3:4", "unknown", "_hidden", "[x]:1", "1.2.3.4.5"})
    BOOST_TEST(peer_of(text).empty(), text);
}

BOOST_AUTO_TEST_SUITE_END()
