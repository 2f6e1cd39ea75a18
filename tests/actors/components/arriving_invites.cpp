#include "actors/room/arriving_invites.hpp"

#include "tests/actors/components/invitation_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_arriving_invites)

namespace {

join_request join_by(const matrix::event_ptr& invite, std::string user) {
  join_request x;
  x.user_id = std::move(user);
  x.invite = invite;
  return x;
}

std::vector<std::string> users(const std::vector<join_request>& list) {
  std::vector<std::string> all;
  for (const auto& x : list) all.push_back(x.user_id);
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(who_waits_for_an_answer_is_found_by_its_token_once) {
  room::arriving_invites x;
  BOOST_TEST(x.empty());
  x.add(3, join_by(nullptr, our_user));
  BOOST_TEST(!x.empty());
  BOOST_TEST(!x.take(4).has_value());
  const auto found = x.take(3);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(std::get<join_request>(*found).user_id == our_user);
  BOOST_TEST(!x.take(3).has_value());
  BOOST_TEST(x.empty());
}

BOOST_AUTO_TEST_CASE(all_who_wait_for_an_invite_go_on_when_it_has_its_place) {
  room::arriving_invites x;
  const auto one = member_event(their_room, their_user, our_user, "invite", 5),
             other = member_event(their_room, their_user, our_member, "invite", 6);
  x.stage(join_by(one, our_user), noon);
  x.stage(join_by(other, our_member), noon);
  BOOST_TEST(users(x.completed(one->event_id)) == std::vector<std::string>{our_user}, boost::test_tools::per_element());
  BOOST_TEST(x.completed(one->event_id).empty());
  BOOST_TEST(!x.empty());
}

BOOST_AUTO_TEST_CASE(who_has_waited_long_enough_goes_on_without_the_past) {
  room::arriving_invites x;
  const auto invite = member_event(their_room, their_user, our_user, "invite", 5);
  x.stage(join_by(invite, our_user), noon);
  x.stage(join_by(invite, our_member), noon + 1);
  constexpr auto longest = room::arriving_invites::staged_ms_max;
  BOOST_TEST(x.deadline() == noon + longest); // whoever else has come to wait
  BOOST_TEST(x.overdue(noon + longest - 1).empty());
  BOOST_TEST(users(x.overdue(noon + longest)) == std::vector<std::string>{our_user}, boost::test_tools::per_element());
  BOOST_TEST(users(x.overdue(noon + longest + 1)) == std::vector<std::string>{our_member},
             boost::test_tools::per_element());
  BOOST_TEST(x.empty());
  BOOST_TEST(x.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(those_that_wait_are_bounded_together) {
  room::arriving_invites x;
  const auto invite = member_event(their_room, their_user, our_user, "invite", 5);
  x.stage(join_by(invite, our_user), noon);
  for (token t = 1; t < room::arriving_invites::waiting_max; ++t) {
    BOOST_REQUIRE(x.has_room());
    x.add(t, join_by(nullptr, our_user));
  }
  BOOST_TEST(!x.has_room());
  x.completed(invite->event_id);
  BOOST_TEST(x.has_room());
}

BOOST_AUTO_TEST_SUITE_END()
