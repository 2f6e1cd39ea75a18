#include "plugin/node_addresses.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(node_addresses)

using namespace causeway;

namespace {

config::edge_options with(std::vector<std::string> endpoints, std::vector<std::string> chat_endpoints = {}) {
  config::edge_options x;
  x.gateway_endpoints = std::move(endpoints);
  x.chat_endpoints = std::move(chat_endpoints);
  return x;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_node_tells_what_others_can_connect_to_network_addresses_first) {
  BOOST_TEST(address_words(with({})).empty());
  BOOST_TEST(address_words(with({"ipc:///run/gateway.sock", "tcp://10.0.0.1:8470"})) ==
             "gateway=tcp://10.0.0.1:8470 gateway=ipc:///run/gateway.sock");
  BOOST_TEST(address_words(with({"tcp://[fd00::1]:8470"})) == "gateway=tcp://[fd00::1]:8470");
}

BOOST_AUTO_TEST_CASE(what_is_no_address_for_others_is_left_out) {
  const std::vector<std::string> none = {"tcp://*:8470",     "tcp://0.0.0.0:8470", "tcp://[::]:8470",
                                         "tcp://10.0.0.1:*", "tcp://10.0.0.1:0",   "inproc://gateway"};
  BOOST_TEST(address_words(with(none)).empty());
  BOOST_TEST(unreachable_addresses(with(none)) == none, boost::test_tools::per_element());
  BOOST_TEST(unreachable_addresses(with({"ipc:///a", "tcp://10.0.0.1:8470"})).empty());
}

BOOST_AUTO_TEST_CASE(an_address_that_is_told_instead_stands_for_those_it_listens_at) {
  auto x = with({"tcp://*:8470", "ipc:///run/gateway.sock"}, {"tcp://*:8471"});
  x.gateway_address = "tcp://broker.example:18470";
  BOOST_TEST(address_words(x) == "gateway=tcp://broker.example:18470");
  BOOST_TEST(unreachable_addresses(x).empty());
  x.chat_address = "tcp://broker.example:18471";
  BOOST_TEST(address_words(x) == "gateway=tcp://broker.example:18470 chat=tcp://broker.example:18471");
  BOOST_TEST(unreachable_chat_addresses(x).empty());
  x.gateway_endpoints.clear(); // nodes are told nothing
  BOOST_TEST(address_words(x).empty());
}

BOOST_AUTO_TEST_CASE(chat_servers_reach_it_at_its_network_addresses_where_gateways_do) {
  BOOST_TEST(address_words(with({"tcp://10.0.0.1:8470"}, {"ipc:///run/chat.sock", "tcp://10.0.0.1:8471"})) ==
             "gateway=tcp://10.0.0.1:8470 chat=tcp://10.0.0.1:8471");
  BOOST_TEST(address_words(with({}, {"tcp://10.0.0.1:8471"})).empty());
  const auto any = with({"tcp://10.0.0.1:8470"}, {"tcp://*:8471", "ipc:///run/chat.sock"});
  BOOST_TEST(address_words(any) == "gateway=tcp://10.0.0.1:8470");
  BOOST_TEST(told_chat_addresses(any).empty());
  BOOST_TEST(unreachable_chat_addresses(any) == std::vector<std::string>{"tcp://*:8471"},
             boost::test_tools::per_element());
  BOOST_TEST(unreachable_chat_addresses(with({}, {"tcp://*:8471"})).empty());
}

BOOST_AUTO_TEST_CASE(the_first_address_is_found_among_the_words_of_a_row) {
  BOOST_TEST(gateway_address_in("tcp://10.0.0.1:8471 0.0.0.0:8448 gateway=tcp://10.0.0.1:8470 gateway=ipc:///a") ==
             "tcp://10.0.0.1:8470");
  BOOST_TEST(gateway_address_in("gateway=ipc:///a") == "ipc:///a");
  BOOST_TEST(gateway_address_in("tcp://10.0.0.1:8471 0.0.0.0:8448").empty()); // of an older version
  BOOST_TEST(gateway_address_in("").empty());
  BOOST_TEST(
    chat_address_in("tcp://10.0.0.1:8471 gateway=tcp://10.0.0.1:8470 chat=tcp://10.0.0.1:8471 chat=tcp://b:1") ==
    "tcp://10.0.0.1:8471");
  BOOST_TEST(chat_address_in("tcp://10.0.0.1:8471 gateway=tcp://10.0.0.1:8470").empty());
}

BOOST_AUTO_TEST_SUITE_END()
