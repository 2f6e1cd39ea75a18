#include "actors/room/uncommitted_invites.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using room::uncommitted_invites;

BOOST_AUTO_TEST_SUITE(uncommitted_invites_suite)

namespace {

const std::string eve = "@eve:there.example", ann = "@ann:here.example";

room_invite_request wanted(std::int64_t depth) {
  matrix::json::object pdu{{"type", "m.room.member"},
                           {"room_id", "!r:here.example"},
                           {"sender", ann},
                           {"state_key", eve},
                           {"content", matrix::json::object{{"membership", "invite"}}},
                           {"origin_server_ts", noon},
                           {"depth", depth},
                           {"prev_events", matrix::json::array{}},
                           {"auth_events", matrix::json::array{}}};
  return {*matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), "here.example", key_of('h')),
          "[]",
          {},
          {},
          {}};
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_not_confirmed_is_told_again_and_what_is_rests) {
  uncommitted_invites all;
  const auto first = wanted(1);
  BOOST_TEST(all.deadline() == 0);
  all.add(eve, first, noon);
  BOOST_TEST(all.deadline() == noon + uncommitted_invites::tell_again_ms);
  BOOST_TEST(all.overdue(noon).empty());
  BOOST_TEST(all.overdue(all.deadline()).at(0).second.event->event_id == first.event->event_id);
  BOOST_TEST(all.deadline() == noon + 2 * uncommitted_invites::tell_again_ms);
  all.confirm({eve, first.event->event_id, ann});
  BOOST_TEST(all.deadline() == 0);
  BOOST_TEST(all.contains(eve));
  BOOST_TEST(all.all().at(eve).by == ann);
}

BOOST_AUTO_TEST_CASE(the_end_of_another_invite_of_the_same_user_ends_nothing) {
  uncommitted_invites all;
  const auto first = wanted(1), second = wanted(2);
  all.add(eve, second, noon);
  BOOST_TEST(!all.end(eve, first.event->event_id));
  BOOST_TEST(all.contains(eve));
  BOOST_TEST(all.end(eve, second.event->event_id));
  BOOST_TEST(!all.contains(eve));
  BOOST_TEST(all.end(eve, first.event->event_id)); // there is none
  all.add(eve, first, noon);
  BOOST_TEST(all.end(eve, {}));
  BOOST_TEST(!all.contains(eve));
}

BOOST_AUTO_TEST_CASE(one_that_the_room_had_forgotten_is_known_again) {
  uncommitted_invites all;
  all.confirm({eve, "$e", ann});
  BOOST_TEST(all.contains(eve));
  BOOST_TEST(all.deadline() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
