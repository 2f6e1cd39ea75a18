#include "actors/room/join_attempt.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_join_attempt)

namespace {

/// What a resident would answer: all events of its state.
room::remote_state::verified_events told_by(const component_rig& r) {
  room::remote_state::verified_events told;
  for (const auto& e : r.room.graph.events_of(r.room.graph.current())) told.state.push_back(e);
  return told;
}

} // namespace

BOOST_AUTO_TEST_CASE(join_is_tried_on_a_graph_of_its_own) {
  component_rig resident;
  const room::room_state outside{resident.node, resident.room_id};
  const auto join =
    resident.made("@zoe:there.example", "m.room.member", {{"membership", "join"}}, "@zoe:there.example");
  auto tried = room::try_join(outside, told_by(resident), join, false);
  BOOST_REQUIRE(!!tried);
  BOOST_TEST(tried->graph.membership("@zoe:there.example") == matrix::membership::join);
  BOOST_TEST(tried->graph.membership(ann) == matrix::membership::join);
  BOOST_TEST(!tried->writes.empty());
  BOOST_TEST(!tried->changes.empty());
  BOOST_TEST(!outside.exists);
  BOOST_TEST(!outside.graph.create());
}

BOOST_AUTO_TEST_CASE(state_without_a_create_event_or_one_that_bans_the_user_is_a_bad_answer) {
  component_rig resident;
  const room::room_state outside{resident.node, resident.room_id};
  const auto join =
    resident.made("@zoe:there.example", "m.room.member", {{"membership", "join"}}, "@zoe:there.example");
  auto told = told_by(resident);
  std::erase_if(told.state, [](const auto& e) { return e->type == "m.room.create"; });
  auto tried = room::try_join(outside, std::move(told), join, false);
  BOOST_REQUIRE(!tried);
  BOOST_TEST((tried.error().code == fault_code::peer_bad_answer));

  const auto ban = resident.made(ann, "m.room.member", {{"membership", "ban"}}, "@zoe:there.example");
  told = told_by(resident);
  told.state.push_back(ban);
  tried = room::try_join(outside, std::move(told), join, false);
  BOOST_REQUIRE(!tried);
  BOOST_TEST(tried.error().detail.starts_with("send_join: "));
}

BOOST_AUTO_TEST_SUITE_END()
