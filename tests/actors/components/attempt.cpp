#include "actors/room/attempt.hpp"

#include "actors/room/command_outcome.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;
using room::attempt;

BOOST_AUTO_TEST_SUITE(room_attempt)

BOOST_AUTO_TEST_CASE(an_attempt_is_a_value_a_fault_or_waits) {
  attempt<std::string> fine{std::string{"x"}};
  BOOST_TEST(!!fine);
  BOOST_TEST(*fine == "x");
  attempt<std::string> failed{fault{fault_code::forbidden, "no"}};
  BOOST_TEST(!failed);
  BOOST_TEST(!failed.waits());
  BOOST_TEST((failed.error().code == fault_code::forbidden));
  attempt<std::string> waits{room::waits_for_policy_server{}};
  BOOST_TEST(!waits);
  BOOST_TEST(waits.waits());
}

BOOST_AUTO_TEST_CASE(what_rests_on_a_failed_attempt_fails_or_waits_like_it) {
  const attempt<std::string> failed{fault{fault_code::forbidden, "no"}}, waits{room::waits_for_policy_server{}};
  BOOST_TEST((attempt<int>::failed_like(failed).error().detail == "no"));
  BOOST_TEST(attempt<int>::failed_like(waits).waits());
  BOOST_TEST(std::holds_alternative<fault>(room::failed_like(failed)));
  BOOST_TEST(std::holds_alternative<room::waits_for_policy_server>(room::failed_like(waits)));
}

BOOST_AUTO_TEST_SUITE_END()
