#include "actors/remote_server/endpoint_pauses.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using matrix::endpoint;

BOOST_AUTO_TEST_SUITE(remote_server_endpoint_pauses)

BOOST_AUTO_TEST_CASE(a_pause_is_for_its_endpoint_alone_and_ends_by_itself) {
  remote_server::endpoint_pauses x;
  x.heard(endpoint::make_join, 5'000, 1'000);
  BOOST_TEST(x.left(endpoint::make_join, 1'000) == 5'000);
  BOOST_TEST(x.left(endpoint::make_join, 5'999) == 1);
  BOOST_TEST(x.left(endpoint::make_join, 6'000) == 0);
  BOOST_TEST(x.left(endpoint::backfill, 1'000) == 0);
}

BOOST_AUTO_TEST_CASE(the_latest_answer_counts_also_one_without_a_pause) {
  remote_server::endpoint_pauses x;
  x.heard(endpoint::make_join, 5'000, 1'000);
  x.heard(endpoint::make_join, 60'000, 2'000);
  BOOST_TEST(x.left(endpoint::make_join, 2'000) == 60'000);
  x.heard(endpoint::make_join, 0, 3'000);
  BOOST_TEST(x.left(endpoint::make_join, 3'000) == 0);
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_put_back_makes_no_pause_longer_than_any_that_is_obeyed) {
  remote_server::endpoint_pauses x;
  const time_ms day = 86'400'000;
  x.heard(endpoint::make_join, 5'000, day);
  BOOST_TEST(x.left(endpoint::make_join, 0) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
