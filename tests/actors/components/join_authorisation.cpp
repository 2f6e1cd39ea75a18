#include "actors/room/join_authorisation.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_join_authorisation_alone)

namespace {

/// The room's join rule names two rooms.
struct restricted_rig : component_rig {
  restricted_rig() {
    matrix::json::array allow;
    for (const auto* room : {"!one:here.example", "!two:here.example"})
      allow.emplace_back(matrix::json::object{{"type", "m.room_membership"}, {"room_id", room}});
    const auto rules = made(ann, "m.room.join_rules", {{"join_rule", "restricted"}, {"allow", std::move(allow)}}, "");
    (void)writer.add(rules, writer.state_before(rules->prev_events), {});
    (void)take();
  }
  room::join_authorisation authorisation{room, out, pending};
  std::vector<std::pair<address, member_request>> begin() {
    BOOST_TEST(!authorisation.begin(zoe, room::make_join_call{}));
    return told<member_request>(take());
  }
  /// As the room hands it over.
  std::optional<room::join_authorisation::outcome> hear(const member_response& m) {
    return authorisation.answered(question_of<room::question::membership_elsewhere>(m.asked), m);
  }
  std::string zoe = "@zoe:there.example";
};

} // namespace

BOOST_AUTO_TEST_CASE(only_who_is_not_in_and_not_invited_needs_it) {
  restricted_rig r;
  BOOST_TEST(r.authorisation.is_needed(r.zoe));
  BOOST_TEST(!r.authorisation.is_needed(eve));
  component_rig open;
  room::join_authorisation none{open.room, open.out, open.pending};
  BOOST_TEST(!none.is_needed(r.zoe));
}

BOOST_AUTO_TEST_CASE(one_room_that_has_the_user_is_enough) {
  restricted_rig r;
  const auto asked = r.begin();
  BOOST_REQUIRE(asked.size() == 2u);
  BOOST_TEST(!r.hear({asked[0].second.asked, true, false}));
  const auto done = r.hear({asked[1].second.asked, true, true});
  BOOST_REQUIRE(done.has_value());
  BOOST_REQUIRE(!!done->authoriser);
  BOOST_TEST(*done->authoriser == ann);
  BOOST_TEST(r.authorisation.is_idle());
}

BOOST_AUTO_TEST_CASE(room_that_is_not_known_here_makes_the_answer_another_servers) {
  restricted_rig r;
  auto asked = r.begin();
  (void)r.hear({asked[0].second.asked, false, false});
  auto done = r.hear({asked[1].second.asked, true, false});
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST((done->authoriser.error().code == fault_code::unable_to_authorise_join));
  asked = r.begin();
  (void)r.hear({asked[0].second.asked, true, false});
  done = r.hear({asked[1].second.asked, true, false});
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST((done->authoriser.error().code == fault_code::forbidden));
}

BOOST_AUTO_TEST_CASE(room_that_does_not_answer_ends_the_wait) {
  restricted_rig r;
  (void)r.begin();
  r.after(9'999);
  BOOST_TEST(!r.pending.take_expired());
  r.after(1);
  auto [first, silent] = r.expired<room::question::membership_elsewhere>();
  BOOST_TEST(!r.authorisation.answered(first, silent));
  auto [second, again] = r.expired<room::question::membership_elsewhere>();
  const auto done = r.authorisation.answered(second, again);
  BOOST_REQUIRE(done.has_value());
  BOOST_TEST(done->user == r.zoe);
  BOOST_TEST((done->authoriser.error().code == fault_code::unable_to_authorise_join));
  BOOST_TEST(r.authorisation.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
