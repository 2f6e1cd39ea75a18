#include "actors/session/connection_table.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(session_connection_table)

namespace {

using session::connection_table;
using session::connections_max;

edge::connection connection_of(std::uint32_t endpoint, const std::string& routing_id) {
  edge::connection x;
  x.endpoint = endpoint;
  x.routing_id = routing_id;
  return x;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_same_routing_id_at_two_endpoints_is_two_connections) {
  connection_table all;
  all.open(connection_of(0, "peer")).client = "first";
  all.open(connection_of(1, "peer")).client = "second";
  BOOST_TEST(all.size() == 2u);
  BOOST_TEST(all.find({0, "peer"})->client == "first");
  BOOST_TEST(all.find({1, "peer"})->client == "second");
  all.close({0, "peer"});
  BOOST_TEST(!all.find({0, "peer"}));
  BOOST_TEST(all.find({1, "peer"}));
}

BOOST_AUTO_TEST_CASE(whoever_introduces_themselves_again_keeps_their_place_in_the_order) {
  connection_table all;
  const auto first = all.open(connection_of(0, "a")).order;
  const auto second = all.open(connection_of(0, "b")).order;
  BOOST_TEST(first < second);
  BOOST_TEST(all.open(connection_of(0, "a")).order == first);
  all.close({0, "a"});
  BOOST_TEST(all.open(connection_of(0, "a")).order > second);
}

BOOST_AUTO_TEST_CASE(the_table_is_full_at_its_bound) {
  connection_table all;
  for (std::size_t i = 0; i < connections_max; ++i) {
    BOOST_TEST_REQUIRE(!all.is_full());
    all.open(connection_of(0, std::to_string(i)));
  }
  BOOST_TEST(all.is_full());
  all.close({0, "0"});
  BOOST_TEST(!all.is_full());
  all.close_all();
  BOOST_TEST(all.empty());
}

BOOST_AUTO_TEST_CASE(credit_is_messages_and_bytes) {
  session::connection x;
  BOOST_TEST(!x.has_credit());
  x.messages = 1;
  BOOST_TEST(!x.has_credit());
  x.bytes = 1;
  BOOST_TEST(x.has_credit());
  x.messages = 0;
  BOOST_TEST(!x.has_credit());
}

BOOST_AUTO_TEST_SUITE_END()
