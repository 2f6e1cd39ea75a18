#include "actors/alarm_time.hpp"

#include <boost/test/unit_test.hpp>

using causeway::alarm_time;
using causeway::earlier;

BOOST_AUTO_TEST_SUITE(component_alarm)

BOOST_AUTO_TEST_CASE(alarm_goes_off_once_and_not_before_its_time) {
  alarm_time a;
  BOOST_TEST(!a.is_set());
  BOOST_TEST(!a.goes_off(1'000'000));
  a.set(500);
  BOOST_TEST(!a.goes_off(499));
  BOOST_TEST(a.is_set());
  BOOST_TEST(a.goes_off(500));
  BOOST_TEST(!a.is_set());
  BOOST_TEST(!a.goes_off(501));
}

BOOST_AUTO_TEST_CASE(alarm_that_is_set_again_forgets_the_time_before) {
  alarm_time a;
  a.set(500);
  a.set(900);
  BOOST_TEST(!a.goes_off(500));
  BOOST_TEST(a.at() == 900);
  a.clear();
  BOOST_TEST(!a.goes_off(900));
}

BOOST_AUTO_TEST_CASE(of_two_deadlines_the_earlier_counts_and_none_is_none) {
  BOOST_TEST(earlier(0, 0) == 0);
  BOOST_TEST(earlier(0, 7) == 7);
  BOOST_TEST(earlier(7, 0) == 7);
  BOOST_TEST(earlier(7, 9) == 7);
}

BOOST_AUTO_TEST_SUITE_END()
