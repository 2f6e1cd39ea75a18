#include "actors/remote_server/bucket.hpp"

#include "actors/remote_server/request_budget.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(remote_server_bucket)

namespace {

using remote_server::bucket;
constexpr time_ms begin = 1'000'000;

} // namespace

BOOST_AUTO_TEST_CASE(a_burst_is_had_at_once_and_then_so_many_a_second) {
  bucket b;
  for (int i = 0; i < 3; ++i) BOOST_TEST(b.take(2, 3, begin) == 0u);
  const auto wait = b.take(2, 3, begin);
  BOOST_TEST(wait > 0u);
  BOOST_TEST(wait <= 501u);
  BOOST_TEST(b.take(2, 3, begin + 400) > 0u);
  BOOST_TEST(b.take(2, 3, begin + wait) == 0u);
}

BOOST_AUTO_TEST_CASE(a_bucket_holds_no_more_than_its_burst_however_long_it_was_left_alone) {
  bucket b;
  b.take(10, 2, begin);
  const auto later = begin + 30 * 86'400'000LL;
  BOOST_TEST(b.is_full(10, 2, later));
  BOOST_TEST(b.take(10, 2, later) == 0u);
  BOOST_TEST(b.take(10, 2, later) == 0u);
  BOOST_TEST(b.take(10, 2, later) > 0u);
}

BOOST_AUTO_TEST_CASE(what_is_taken_beyond_it_has_to_fill_first) {
  bucket b;
  b.charge(1, 5, begin, 15); // ten more than there were
  BOOST_TEST(b.take(1, 5, begin + 10'000) > 0u);
  BOOST_TEST(b.take(1, 5, begin + 11'000) == 0u);
  BOOST_TEST(b.take(1, 5, begin + 11'000) > 0u);
}

BOOST_AUTO_TEST_CASE(nobody_is_told_to_wait_for_days) {
  bucket b;
  b.charge(1, 1, begin, 1'000'000'000);
  BOOST_TEST(b.take(1, 1, begin) == 3'600'000u);
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_put_back_neither_fills_nor_empties_it) {
  bucket b;
  BOOST_TEST(b.take(1, 2, begin) == 0u);
  BOOST_TEST(b.take(1, 2, begin - 500'000) == 0u);
  BOOST_TEST(b.take(1, 2, begin - 500'000) > 0u);
}

BOOST_AUTO_TEST_CASE(a_request_waits_for_the_bytes_of_the_answers_before_it) {
  config::federation_options o;
  o.inbound_requests_per_second = 100;
  o.inbound_requests_burst = 100;
  o.inbound_answers_mib_per_second = 1;
  o.inbound_answers_mib_burst = 2;
  remote_server::request_budget budget;
  BOOST_TEST(budget.take(o, begin) == 0u);
  budget.charge_answer(o, begin, 3 * 1024 * 1024);
  BOOST_TEST(budget.take(o, begin + 900) > 0u);
  BOOST_TEST(budget.take(o, begin + 1'001) == 0u);
}

BOOST_AUTO_TEST_CASE(a_dear_request_counts_as_many) {
  config::federation_options o;
  o.inbound_requests_per_second = 1;
  o.inbound_requests_burst = 10;
  remote_server::request_budget budget;
  budget.charge_requests(o, begin, 10);
  BOOST_TEST(budget.take(o, begin) > 0u);
  BOOST_TEST(budget.take(o, begin + 1'000) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
