#include "actors/session/outer_traces.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::session;

BOOST_AUTO_TEST_SUITE(session_outer_traces)

namespace {
const edge::outer_trace theirs{"0af7651916cd43dd8448eb211c80319c", "01"};
}

BOOST_AUTO_TEST_CASE(notifications_of_a_traced_command_have_its_trace_and_others_none) {
  outer_traces x;
  x.begun(5, theirs);
  x.appended(5, 0, 10, 12);
  x.appended(6, 0, 13, 13);
  BOOST_TEST(x.of(0, 10).value() == "00-0af7651916cd43dd8448eb211c80319c-0000000000000005-01");
  BOOST_TEST(bool{x.of(0, 12)});
  BOOST_TEST(!x.of(0, 9));
  BOOST_TEST(!x.of(0, 13));
  BOOST_TEST(!x.of(1, 10));
}

BOOST_AUTO_TEST_CASE(the_oldest_are_forgotten) {
  outer_traces x;
  for (std::uint64_t i = 1; i <= outer_traces::commands_max + 1; ++i) x.begun(i, theirs);
  x.appended(1, 0, 1, 1);
  BOOST_TEST(!x.of(0, 1));
  const auto rows = static_cast<std::int64_t>(outer_traces::rows_max);
  for (std::int64_t cursor = 1; cursor <= rows + 1; ++cursor) x.appended(2, 0, cursor, cursor);
  BOOST_TEST(!x.of(0, 1));
  BOOST_TEST(bool{x.of(0, 2)});
  BOOST_TEST(bool{x.of(0, rows + 1)});
}

BOOST_AUTO_TEST_SUITE_END()
