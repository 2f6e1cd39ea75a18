#include "actors/directory/invite_budget.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using directory::invite_budget;

BOOST_AUTO_TEST_SUITE(invite_budget_suite)

namespace {

const std::string there = "there.example", bob = "@bob:here.example", cyd = "@cyd:here.example";

struct rig {
  config::invitation_options options;
  invite_budget budget;
  time_ms now = noon;
  std::uint32_t wait(const std::string& user = bob, const std::string& origin = there) {
    return budget.take(options, origin, user, now).wait_ms;
  }
  /// How many of so many come through at once.
  int admitted(int of, const std::string& user = bob, const std::string& origin = there) {
    int n = 0;
    for (int i = 0; i < of; ++i) n += wait(user, origin) == 0;
    return n;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(of_three_hundred_invitations_of_one_user_at_once_twenty_come_and_then_one_a_minute) {
  rig r;
  BOOST_TEST(r.admitted(300) == 20);
  BOOST_TEST(r.wait() == 60'001u);
  r.now += 60'000;
  BOOST_TEST(r.admitted(10) == 1);
  r.now += 24 * 3'600'000;
  BOOST_TEST(r.admitted(300) == 20);
}

BOOST_AUTO_TEST_CASE(a_server_that_invites_everybody_is_bounded_as_a_whole) {
  rig r;
  int n = 0;
  for (int i = 0; i < 1'000; ++i) n += r.admitted(1, "@u" + std::to_string(i) + ":here.example");
  BOOST_TEST(n == 200);
  BOOST_TEST(r.wait("@new:here.example") == 1'001u);
}

BOOST_AUTO_TEST_CASE(what_is_refused_costs_nothing_and_others_are_not_touched) {
  rig r;
  BOOST_TEST(r.admitted(1'000) == 20); // 980 refusals for one user
  BOOST_TEST(r.admitted(1'000, cyd) == 20);
  BOOST_TEST(r.admitted(30, bob, "third.example") == 20);
}

BOOST_AUTO_TEST_CASE(the_operator_is_told_once_until_the_server_has_kept_still) {
  rig r;
  const auto told = [&](int of) {
    int n = 0;
    for (int i = 0; i < of; ++i) n += r.budget.take(r.options, there, bob, r.now).is_first;
    return n;
  };
  BOOST_TEST(told(300) == 1);
  r.now += 10'000; // its own bucket has filled a little
  BOOST_TEST(told(300) == 0);
  r.now += 3'600'000;
  BOOST_TEST(told(300) == 1);
}

BOOST_AUTO_TEST_CASE(a_clock_that_goes_back_gives_and_takes_nothing) {
  rig r;
  BOOST_TEST(r.admitted(10) == 10);
  r.now -= 24 * 3'600'000;
  BOOST_TEST(r.admitted(300) == 10);
}

BOOST_AUTO_TEST_CASE(the_largest_numbers_of_the_configuration_do_not_overflow) {
  rig r;
  r.options.inbound_burst = r.options.inbound_per_hour = r.options.inbound_per_user_burst =
    r.options.inbound_per_user_per_hour = 1'000'000;
  BOOST_TEST(r.admitted(100) == 100);
  r.now += std::int64_t{365} * 24 * 3'600'000;
  BOOST_TEST(r.admitted(100) == 100);
}

BOOST_AUTO_TEST_CASE(more_users_than_are_remembered_are_still_counted_as_one_server) {
  rig r;
  r.options.inbound_burst = 1'000'000;
  for (std::size_t i = 0; i < invite_budget::buckets_max + 10; ++i)
    r.admitted(1, "@u" + std::to_string(i) + ":here.example");
  BOOST_TEST(r.admitted(30, "@last:here.example") == 20);
}

BOOST_AUTO_TEST_SUITE_END()
