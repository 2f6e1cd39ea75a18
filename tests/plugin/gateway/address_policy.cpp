#include "plugin/gateway/address_policy.hpp"

#include <boost/test/unit_test.hpp>

#include <netinet/in.h>

namespace causeway::gateway {

BOOST_AUTO_TEST_SUITE(gateway_address_policy)

BOOST_AUTO_TEST_CASE(public_addresses_are_reached) {
  const auto policy = address_policy::make({});
  for (const auto* one : {"1.1.1.1", "93.184.216.34", "172.32.0.1", "100.63.255.255", "2606:4700::1111",
                          "2a00:1450:4001::1", "64:ff9b::808:808", "2002:808:808::1"})
    BOOST_TEST(policy->allows(one), one);
}

BOOST_AUTO_TEST_CASE(special_addresses_are_refused_in_every_form) {
  const auto policy = address_policy::make({});
  for (const auto* one : {"0.0.0.0",
                          "10.0.0.1",
                          "100.64.0.1",
                          "127.0.0.1",
                          "127.255.255.254",
                          "169.254.169.254",
                          "172.16.0.1",
                          "172.31.255.255",
                          "192.168.1.1",
                          "192.0.2.1",
                          "198.18.0.1",
                          "224.0.0.1",
                          "239.1.1.1",
                          "240.0.0.1",
                          "255.255.255.255",
                          "::",
                          "::1",
                          "::ffff:127.0.0.1",
                          "::ffff:10.0.0.1",
                          "::127.0.0.1",
                          "64:ff9b::7f00:1",
                          "64:ff9b::a00:1",
                          "2002:7f00:1::",
                          "2002:c0a8:101::1",
                          "fc00::1",
                          "fd12::1",
                          "fe80::1",
                          "febf::1",
                          "fec0::1",
                          "ff02::1",
                          "2001:db8::1",
                          "2001::1",
                          "64:ff9b:1::1"})
    BOOST_TEST(!policy->allows(one), one);
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused) {
  const auto policy = address_policy::make({});
  for (const auto* one : {"", "localhost", "1.1.1", "1.1.1.1.1", "0x7f000001"}) BOOST_TEST(!policy->allows(one), one);
  sockaddr unix_like{};
  unix_like.sa_family = AF_UNIX;
  BOOST_TEST(!policy->allows(unix_like));
}

BOOST_AUTO_TEST_CASE(allowed_networks_open_exactly_themselves) {
  const auto policy = address_policy::make({"127.0.0.0/8", "10.1.2.0/23", "fd00:1::/32", "192.168.7.9", "::1"});
  BOOST_REQUIRE(policy);
  for (const auto* one : {"127.0.0.1", "10.1.2.1", "10.1.3.255", "fd00:1::5", "192.168.7.9", "::1", "::ffff:127.0.0.1"})
    BOOST_TEST(policy->allows(one), one);
  for (const auto* one : {"10.1.4.0", "10.1.1.255", "fd00:2::5", "192.168.7.10", "::2"})
    BOOST_TEST(!policy->allows(one), one);
}

BOOST_AUTO_TEST_CASE(socket_addresses_are_read_in_both_families) {
  const auto policy = address_policy::make({"127.0.0.0/8"});
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_TEST(policy->allows(reinterpret_cast<const sockaddr&>(v4)));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  BOOST_TEST(!policy->allows(reinterpret_cast<const sockaddr&>(v6)));
}

BOOST_AUTO_TEST_CASE(unreadable_network_is_named) {
  for (const auto* one :
       {"", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/", "10.0.0.0/8x", "example.org/8", "10.0.0.0/-1"}) {
    const auto policy = address_policy::make({one});
    BOOST_REQUIRE(!policy);
    BOOST_TEST((policy.error().code == fault_code::invalid_param));
    BOOST_TEST(policy.error().detail.find(one) != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
