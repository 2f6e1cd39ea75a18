#include "actors/room/parent_fetch.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using room::question::parents;

BOOST_AUTO_TEST_SUITE(room_parent_fetch_alone)

namespace {

struct fetch_rig : component_rig {
  room::parent_fetch fetch{room, pending, writer};
  matrix::event_ptr before = message_of(eve, "before"), after = message_of(ann, "after", {before->event_id});

  /// What the store says to the one question in `asked`.
  std::optional<message> hear(const effects& asked, store::answer found) {
    const auto token = of_kind<ask_store>(asked).at(0).asked;
    return fetch.answered(question_of<parents>(token),
                          {token, std::make_shared<const store::answer>(std::move(found))});
  }
  store::events_loaded with_before() const {
    store::events_loaded found;
    found.events.push_back({before, store::verdict::accepted, disk.head.state_group, disk.head.state_group, 5});
    found.state_groups = disk.groups;
    return found;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(event_whose_parents_are_at_hand_goes_on_at_once) {
  fetch_rig r;
  BOOST_TEST(r.fetch.missing(*r.before).empty());
  BOOST_TEST(!r.fetch.fetch_first(*r.before, membership_request{ann}));
  BOOST_TEST(r.take().empty());
  BOOST_TEST(r.fetch.is_idle());
}

BOOST_AUTO_TEST_CASE(message_waits_until_the_store_has_told_the_parents_and_comes_again) {
  fetch_rig r;
  BOOST_TEST(r.fetch.missing(*r.after) == std::vector{r.before->event_id}, boost::test_tools::per_element());
  BOOST_TEST(r.fetch.fetch_first(*r.after, membership_request{bob}));
  BOOST_TEST(!r.fetch.is_idle());
  const auto asked = r.take();
  const auto question = std::get<store::load_events>(of_kind<ask_store>(asked).at(0).question);
  BOOST_TEST(question.event_ids == std::vector{r.before->event_id}, boost::test_tools::per_element());
  const auto again = r.hear(asked, r.with_before());
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(std::get<membership_request>(*again).user_id == bob);
  BOOST_TEST(r.fetch.is_idle());
  r.fetch.set_retrying(true);
  BOOST_TEST(!r.fetch.fetch_first(*r.after, *again)); // they are at hand now
  BOOST_TEST(r.room.graph.extremities() == r.head(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(parents_that_are_not_on_disk_either_are_not_asked_for_for_ever) {
  fetch_rig r;
  BOOST_TEST(r.fetch.fetch_first(*r.after, membership_request{bob}));
  const auto again = r.hear(r.take(), store::events_loaded{});
  BOOST_REQUIRE(again.has_value());
  r.fetch.set_retrying(true);
  BOOST_CHECK_THROW(r.fetch.fetch_first(*r.after, *again), std::runtime_error);
  BOOST_TEST(r.take().empty());
  r.fetch.set_retrying(false);
  BOOST_TEST(r.fetch.fetch_first(*r.after, membership_request{bob})); // another message may ask
}

BOOST_AUTO_TEST_CASE(store_that_cannot_say_leaves_it_to_the_sender) {
  fetch_rig r;
  BOOST_TEST(r.fetch.fetch_first(*r.after, membership_request{bob}));
  BOOST_TEST(!r.hear(r.take(), store::message_found{}).has_value());
  BOOST_TEST(r.fetch.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
