#include "actors/room/extremity_merger.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_extremity_merger_alone)

namespace {

struct merger_rig : assembled_rig {
  room::extremity_merger merger{room, out, authoring, partial, remote};

  /// So many events of eve's that know nothing of each other.
  void fork(int count) {
    const auto parents = room.graph.extremities();
    for (int i = 0; i < count; ++i) add(message_of(eve, "fork " + std::to_string(i), parents));
    (void)take();
    merger.consider();
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(few_extremities_are_left_to_the_next_message) {
  merger_rig r;
  r.fork(static_cast<int>(room::extremity_merger::patient_max));
  BOOST_TEST(r.merger.deadline() == 0);
  BOOST_TEST(r.take().empty());
}

BOOST_AUTO_TEST_CASE(more_of_them_are_merged_by_an_event_of_ours_after_a_while) {
  merger_rig r;
  r.fork(11);
  BOOST_TEST(r.take().empty());
  BOOST_TEST(r.merger.deadline() >= r.now + 60'000);
  BOOST_TEST(r.merger.deadline() <= r.now + 120'000);
  r.after(r.merger.deadline() - r.now);
  r.merger.on_deadline();
  const auto made = written<store::put_event>(r.take());
  BOOST_REQUIRE(made.size() == 1u);
  BOOST_TEST(made[0].event->prev_events.size() == 11u);
  BOOST_TEST(r.room.graph.extremities() == std::vector{made[0].event->event_id}, boost::test_tools::per_element());
  BOOST_TEST(r.merger.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(nothing_is_made_where_a_message_has_merged_them_meanwhile) {
  merger_rig r;
  r.fork(11);
  r.add(r.message_of(eve, "all together", r.room.graph.extremities()));
  (void)r.take();
  r.after(120'000);
  r.merger.on_deadline();
  BOOST_TEST(written<store::put_event>(r.take()).empty());
}

BOOST_AUTO_TEST_CASE(too_many_of_them_are_given_no_time) {
  merger_rig r;
  r.fork(static_cast<int>(room::extremity_merger::extremities_max) + 1);
  BOOST_TEST(written<store::put_event>(r.take()).size() == 1u);
  // An event has 20 parents at most: the last one is left to the next message.
  BOOST_TEST(r.room.graph.extremities().size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
