#include "actors/due.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway {
BOOST_AUTO_TEST_SUITE(due_suite)

namespace {
constexpr time_ms due_noon = 1'767'268'800'000, due_hour = 3'600'000, due_day = 24 * due_hour;
}

BOOST_AUTO_TEST_CASE(a_time_to_act_has_come_when_it_is_past_or_further_ahead_than_any_pause) {
  BOOST_TEST(is_due(0, due_noon, due_hour));
  BOOST_TEST(is_due(due_noon, due_noon, due_hour));
  BOOST_TEST(!is_due(due_noon + 1, due_noon, due_hour));
  BOOST_TEST(!is_due(due_noon + due_hour, due_noon, due_hour));
  BOOST_TEST(is_due(due_noon + due_hour + 1, due_noon, due_hour)); // written two days ahead by a wrong clock, say
  BOOST_TEST(is_due(due_noon + 2 * due_day, due_noon, due_hour));
}

BOOST_AUTO_TEST_CASE(what_was_done_at_a_time_to_come_was_never_done) {
  BOOST_TEST(!is_within(0, due_hour, due_noon));
  BOOST_TEST(is_within(due_noon, due_hour, due_noon));
  BOOST_TEST(is_within(due_noon - due_hour + 1, due_hour, due_noon));
  BOOST_TEST(!is_within(due_noon - due_hour, due_hour, due_noon));
  BOOST_TEST(!is_within(due_noon + 2 * due_day, due_hour, due_noon));
}

BOOST_AUTO_TEST_CASE(what_happened_at_a_time_to_come_happens_now) {
  BOOST_TEST(happened_at(due_noon - due_hour, due_noon) == due_noon - due_hour);
  BOOST_TEST(happened_at(due_noon + due_day, due_noon) == due_noon);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway
