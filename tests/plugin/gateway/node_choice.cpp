#include "plugin/gateway/node_choice.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::gateway {

BOOST_AUTO_TEST_SUITE(gateway_node_choice)

namespace {

using namespace std::chrono_literals;
const node_choice::time_point start{100s};

} // namespace

BOOST_AUTO_TEST_CASE(the_node_that_answers_is_kept) {
  node_choice x{2, 2s, start};
  for (auto t = start; t < start + 60s; t += 1s) BOOST_TEST(!x.look(true, t).has_value());
}

BOOST_AUTO_TEST_CASE(a_node_that_is_not_there_for_a_while_gives_way_to_the_next_round_and_round) {
  node_choice x{3, 2s, start};
  BOOST_TEST(!x.look(false, start + 1s).has_value());
  BOOST_TEST(x.look(false, start + 2s).value() == 1u);
  BOOST_TEST(!x.look(false, start + 3s).has_value());
  BOOST_TEST(x.look(false, start + 4s).value() == 2u);
  BOOST_TEST(x.look(false, start + 6s).value() == 0u);
  BOOST_TEST(!x.look(true, start + 7s).has_value());
  BOOST_TEST(!x.look(false, start + 8s).has_value()); // its time begins when it was last there
  BOOST_TEST(x.look(false, start + 9s).value() == 1u);
}

BOOST_AUTO_TEST_CASE(the_only_node_is_waited_for) {
  node_choice x{1, 2s, start};
  BOOST_TEST(!x.look(false, start + 60s).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
