#include "actors/remote_server/address_budget.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using remote_server::address_budget;
using remote_server::bucket;

BOOST_AUTO_TEST_SUITE(address_budget_suite)

BOOST_AUTO_TEST_CASE(one_address_uses_up_its_own_share) {
  address_budget x;
  for (int i = 0; i < 3; ++i) BOOST_TEST(x.take("192.0.2.1", 1, 3, noon) == 0u);
  const auto wait = x.take("192.0.2.1", 1, 3, noon);
  BOOST_TEST(wait > 0u);
  BOOST_TEST(wait <= 1'001u);
  BOOST_TEST(x.take("192.0.2.2", 1, 3, noon) == 0u);
  BOOST_TEST(x.take("192.0.2.1", 1, 3, noon + wait) == 0u);
  for (int i = 0; i < 10; ++i) BOOST_TEST(x.take("", 1, 3, noon) == 0u); // nobody knows whose
}

BOOST_AUTO_TEST_CASE(many_addresses_take_bounded_memory_and_shut_nobody_out_who_is_known) {
  address_budget x;
  BOOST_TEST(x.take("known", 1, 2, noon) == 0u);
  for (std::size_t i = 0; i < 2 * address_budget::addresses_max; ++i) x.take("a" + std::to_string(i), 1, 2, noon);
  BOOST_TEST(x.size() == address_budget::addresses_max);
  BOOST_TEST(x.take("known", 1, 2, noon) == 0u);
  BOOST_TEST(x.take("one more", 1, 2, noon) > 0u);
  // Those that have been silent are forgotten.
  BOOST_TEST(x.take("one more", 1, 2, noon + 5'000) == 0u);
  BOOST_TEST(x.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_bucket_that_is_overdrawn_fills_first) {
  bucket x;
  BOOST_TEST(x.take(10, 100, noon) == 0u);
  x.charge(10, 100, noon, 299); // 200 too much
  const auto wait = x.take(10, 100, noon, 0);
  BOOST_TEST(wait > 19'000u);
  BOOST_TEST(wait < 21'000u);
  BOOST_TEST(x.take(10, 100, noon + wait - 1'000, 0) > 0u);
  BOOST_TEST(x.take(10, 100, noon + wait, 0) == 0u);
  BOOST_TEST(!x.is_full(10, 100, noon + wait));
  BOOST_TEST(x.is_full(10, 100, noon + wait + 10'000));
  BOOST_TEST(x.take(10, 100, noon) == 0u); // a clock that is set back gives nothing and takes nothing
}

BOOST_AUTO_TEST_CASE(the_largest_figures_of_the_configuration_do_not_overflow) {
  bucket x;
  constexpr std::int64_t per_second = 100'000LL * 1024, burst = 1'000'000LL * 1024;
  BOOST_TEST(x.take(per_second, burst, noon) == 0u);
  x.charge(per_second, burst, noon, burst);
  BOOST_TEST(x.is_full(per_second, burst, noon + 365LL * 86'400'000));
}

BOOST_AUTO_TEST_SUITE_END()
