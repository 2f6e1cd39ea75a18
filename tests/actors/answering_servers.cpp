#include "actors/answering_servers.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(answering_servers_suite)

namespace {

using names = std::vector<std::string>;
constexpr time_ms now = 1'000'000;

} // namespace

BOOST_AUTO_TEST_CASE(those_that_answered_lately_are_taken_out_the_latest_first) {
  answering_servers x;
  x.answered("a", now - 3);
  x.answered("b", now - 1);
  x.answered("c", now - 2);
  x.answered("elsewhere", now);
  names servers{"a", "dead", "b", "c", "unknown"};
  BOOST_TEST(x.take_from(servers, now) == (names{"b", "c", "a"}), boost::test_tools::per_element());
  BOOST_TEST(servers == (names{"dead", "unknown"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_answer_is_forgotten_after_a_while_or_when_one_fails_and_counts_anew) {
  answering_servers x;
  x.answered("a", now);
  x.answered("b", now);
  x.failed("b");
  const auto at = [&](time_ms when) {
    names servers{"a", "b"};
    return x.take_from(servers, when);
  };
  BOOST_TEST(at(now + answering_servers::lately_ms) == names{"a"}, boost::test_tools::per_element());
  BOOST_TEST(at(now + answering_servers::lately_ms + 1).empty());
  x.answered("a", now + 60'000);
  BOOST_TEST(at(now + 60'000) == names{"a"}, boost::test_tools::per_element());
  BOOST_TEST(at(now).empty()); // the clock was set back: it says nothing
}

BOOST_AUTO_TEST_CASE(half_of_them_are_most) {
  answering_servers x;
  x.answered("a", now);
  BOOST_TEST(x.mostly({"a", "b"}, now));
  BOOST_TEST(!x.mostly({"a", "b", "c"}, now));
  BOOST_TEST(!x.mostly({"a"}, now + answering_servers::lately_ms + 1));
}

BOOST_AUTO_TEST_CASE(the_one_that_answered_longest_ago_makes_room) {
  answering_servers x;
  for (std::size_t n = 0; n <= answering_servers::servers_max; ++n) x.answered(std::to_string(n), now);
  names servers{"0", "1"};
  BOOST_TEST(x.take_from(servers, now) == names{"1"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
