#include "messages/timer_name.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(timer_names)

BOOST_AUTO_TEST_CASE(each_kind_has_a_word_of_its_own) {
  std::set<std::string> words;
  for (auto x = timer_kind::acknowledge; x <= timer_kind::watch; x = static_cast<timer_kind>(static_cast<int>(x) + 1)) {
    BOOST_TEST(!to_string(x).empty());
    BOOST_TEST(words.insert(to_string(x)).second, to_string(x));
  }
  BOOST_TEST(words.size() == 27u);
}

BOOST_AUTO_TEST_CASE(words_are_at_their_places) {
  BOOST_TEST(to_string(timer_kind::acknowledge) == "acknowledge");
  BOOST_TEST(to_string(timer_kind::fan_out) == "fan_out");
  BOOST_TEST(to_string(timer_kind::presence) == "presence");
  BOOST_TEST(to_string(timer_kind::send) == "send");
  BOOST_TEST(to_string(timer_kind::sweep) == "sweep");
  BOOST_TEST(to_string(timer_kind::watch) == "watch");
}

BOOST_AUTO_TEST_CASE(of_several_timers_of_a_kind_each_has_its_number) {
  BOOST_TEST(to_string({timer_kind::stream_retry, 0}) == "retry:0");
  BOOST_TEST(to_string({timer_kind::stream_retry, 3}) == "retry:3");
  BOOST_TEST(to_string({timer_kind::bound, 12}) == "bound:12");
  BOOST_TEST(to_string(timer_kind::retry) == "retry");
  BOOST_TEST((timer_name{timer_kind::stream_retry, 3} != timer_name{timer_kind::stream_retry, 4}));
  BOOST_TEST((timer_name{timer_kind::retry} == timer_kind::retry));
}

BOOST_AUTO_TEST_SUITE_END()
