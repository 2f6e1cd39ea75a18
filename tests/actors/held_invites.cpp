#include "actors/remote_server/held_invites.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using remote_server::held_invites;

BOOST_AUTO_TEST_SUITE(held_invites_suite)

namespace {

peer_request invite(token n) {
  peer_request r;
  r.asked = n;
  r.endpoint = matrix::endpoint::invite_v2;
  return r;
}
std::vector<token> tokens(const std::vector<peer_request>& list) {
  std::vector<token> all;
  for (const auto& r : list) all.push_back(r.asked);
  return all;
}
using list = std::vector<token>;
using backlog = held_invites::backlog;

} // namespace

BOOST_AUTO_TEST_CASE(each_goes_when_what_was_queued_before_it_is_delivered_in_order) {
  held_invites held;
  held.hold(invite(1), 100, 2, noon + 10);
  held.hold(invite(2), 100, 2, noon + 10);
  held.hold(invite(3), 100, 5, noon + 10);
  BOOST_TEST(held.due(101, backlog::some, noon).empty());
  BOOST_TEST(tokens(held.due(102, backlog::some, noon)) == (list{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(tokens(held.due(105, backlog::some, noon)) == (list{3}), boost::test_tools::per_element());
  BOOST_TEST(held.empty());
}

BOOST_AUTO_TEST_CASE(behind_a_queue_of_unknown_length_it_waits_for_its_end_or_its_time) {
  held_invites held;
  held.hold(invite(1), 0, held_invites::all_queued, noon + 10);
  held.hold(invite(2), 0, held_invites::all_queued, noon + 20);
  BOOST_TEST(held.deadline() == noon + 10);
  BOOST_TEST(held.due(1'000'000, backlog::some, noon).empty());
  BOOST_TEST(tokens(held.due(1'000'000, backlog::some, noon + 10)) == (list{1}), boost::test_tools::per_element());
  BOOST_TEST(held.deadline() == noon + 20);
  BOOST_TEST(tokens(held.due(1'000'001, backlog::none, noon + 11)) == (list{2}), boost::test_tools::per_element());
  BOOST_TEST(held.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(all_go_when_the_queue_does_not_move) {
  held_invites held;
  held.hold(invite(1), 0, 1, noon + 10);
  held.hold(invite(2), 0, held_invites::all_queued, noon + 10);
  BOOST_TEST(tokens(held.give_up()) == (list{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(held.empty());
}

BOOST_AUTO_TEST_SUITE_END()
