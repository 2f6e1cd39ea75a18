#include "actors/room/lost_levels.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_lost_levels_alone)

namespace {

constexpr const char* levels_type = "m.room.power_levels";

struct levels_rig : assembled_rig {
  room::lost_levels lost{room, out, authoring};

  /// A change of the levels as they were when the room was loaded.
  matrix::event_ptr levels(const std::string& by, const std::string& user, int level, int of_ann = 100) const {
    object content = event(state().at({levels_type, ""}))->content();
    content.set("users", object{{ann, of_ann}, {user, level}});
    return made(by, levels_type, std::move(content), "");
  }
  /// State resolution has put `ours` aside for `theirs`.
  effects lose(const matrix::event_ptr& ours, const matrix::event_ptr& theirs) {
    add(theirs);
    (void)take();
    lost.observe({{levels_type, ""}, ours, theirs});
    return take();
  }
  effects wait() {
    after(lost.deadline() - now);
    lost.on_deadline();
    return take();
  }
  std::int64_t level_of(const std::string& user) const { return room.graph.levels().of_user(user); }
};

} // namespace

BOOST_AUTO_TEST_CASE(level_that_was_lost_to_a_change_of_another_user_is_given_once_more_on_top_of_that) {
  levels_rig r;
  BOOST_TEST(r.lose(r.levels(ann, bob, 50), r.levels(ann, eve, 75)).empty());
  BOOST_TEST(r.lost.is_to_give(bob));
  BOOST_TEST(!r.lost.is_to_give(eve));
  BOOST_TEST((r.lost.deadline() >= r.now + 200 && r.lost.deadline() < r.now + 1'000));
  const auto list = r.wait();
  BOOST_REQUIRE(written<store::put_event>(list).size() == 1u);
  BOOST_TEST(written<store::put_event>(list)[0].event->sender == ann);
  BOOST_TEST(r.level_of(bob) == 50);
  BOOST_TEST(r.level_of(eve) == 75);
  BOOST_TEST(!r.lost.is_to_give(bob));
  BOOST_TEST(r.lost.is_idle());
}

BOOST_AUTO_TEST_CASE(what_the_other_change_says_of_the_same_user_stands) {
  levels_rig r;
  (void)r.lose(r.levels(ann, bob, 50), r.levels(ann, bob, 25));
  BOOST_TEST(!r.lost.is_to_give(bob));
  BOOST_TEST(r.lost.is_idle());
}

BOOST_AUTO_TEST_CASE(change_that_knew_of_ours_or_put_another_servers_aside_is_let_be) {
  levels_rig r;
  (void)r.lose(r.levels(eve, bob, 50), r.levels(ann, eli, 75)); // what others have given is theirs to give again
  BOOST_TEST(r.lost.is_idle());
  levels_rig knew;
  const auto ours = knew.levels(ann, bob, 50);
  knew.add(ours);
  const auto next =
    knew.authoring.draft_event({levels_type, ann, "", room::with_level(*knew.room.graph.create(), ours.get(), bob, 0)});
  BOOST_REQUIRE(!!next);
  (void)knew.lose(ours, *next);
  BOOST_TEST(knew.lost.is_idle());
}

BOOST_AUTO_TEST_CASE(nothing_is_authored_when_somebody_has_given_it_meanwhile) {
  levels_rig r;
  (void)r.lose(r.levels(ann, bob, 50), r.levels(ann, eve, 75));
  const auto again = r.authoring.draft_event(
    {levels_type, ann, "",
     room::with_level(*r.room.graph.create(), r.room.graph.state_event(levels_type).get(), bob, 50)});
  BOOST_REQUIRE(!!again);
  BOOST_REQUIRE(!!r.authoring.commit(*again));
  (void)r.take();
  BOOST_TEST(written<store::put_event>(r.wait()).empty());
  BOOST_TEST(!r.lost.is_to_give(bob));
}

BOOST_AUTO_TEST_CASE(chat_server_is_told_when_whoever_gave_it_may_not_any_more) {
  levels_rig r;
  (void)r.lose(r.levels(ann, bob, 50), r.levels(ann, eve, 100, 90));
  const auto list = r.wait();
  BOOST_TEST(written<store::put_event>(list).empty());
  const auto drifts = notified<chat::permission_drift>(list);
  BOOST_REQUIRE(drifts.size() == 1u);
  BOOST_TEST(drifts[0].user == bob);
  BOOST_TEST(r.level_of(bob) == 0);
  BOOST_TEST(!r.lost.is_to_give(bob)); // it is not tried for ever
  BOOST_TEST(r.lost.is_idle());
}

BOOST_AUTO_TEST_CASE(room_that_was_left_meanwhile_is_let_be) {
  levels_rig r;
  (void)r.lose(r.levels(ann, bob, 50), r.levels(ann, eve, 75));
  r.room.head.phase = store::room_phase::left;
  BOOST_TEST(r.wait().empty());
  BOOST_TEST(r.lost.is_idle());
}

BOOST_AUTO_TEST_CASE(policy_server_is_asked_first_and_its_word_has_the_level_given) {
  levels_rig r;
  (void)r.lose(r.levels(ann, bob, 50), r.levels(ann, eve, 75));
  r.add(r.made(ann, "m.room.policy",
               {{"via", "there.example"}, {"public_keys", object{{"ed25519", key_of('p').public_key_base64()}}}}, "",
               {}, r.room.graph.extremities()));
  BOOST_TEST((addressed(r.wait()) == test::question{"there.example", matrix::endpoint::policy_sign}));
  BOOST_TEST(!r.lost.is_idle());
  BOOST_TEST(r.level_of(bob) == 0);
  r.lost.try_again(); // its word is not there yet
  BOOST_TEST(written<store::put_event>(r.take()).empty());
  BOOST_TEST(!r.lost.is_idle());
  r.authoring.decided(fault{fault_code::policy_denied, "spam"});
  r.lost.try_again();
  BOOST_TEST(notified<chat::permission_drift>(r.take()).size() == 1u);
  BOOST_TEST(r.lost.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
