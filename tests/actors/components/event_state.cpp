#include "actors/room/event_state.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>

using namespace causeway;
using room::event_state;

BOOST_AUTO_TEST_SUITE(room_event_state_alone)

BOOST_AUTO_TEST_CASE(at_first_that_of_the_parents_counts) {
  event_state s;
  BOOST_TEST(!s.is_given());
  BOOST_TEST(!s.is_to_fetch());
  BOOST_TEST(!s.is_remote());
  BOOST_TEST(!s.take().has_value());
}

BOOST_AUTO_TEST_CASE(what_another_server_sent_counts_and_is_remote) {
  event_state s;
  s.fetch({}, true);
  BOOST_TEST(s.is_given());
  BOOST_TEST(s.is_remote());
  BOOST_TEST(s.stands_alone());
  BOOST_TEST(s.take().has_value());
  BOOST_TEST(s.is_remote()); // it still says by what the event is placed
}

BOOST_AUTO_TEST_CASE(first_event_of_a_room_has_none_before_it_which_nobody_has_sent) {
  event_state s;
  s.begin_room();
  BOOST_TEST(s.is_given());
  BOOST_TEST(!s.is_remote());
  BOOST_TEST(s.take()->empty());
}

BOOST_AUTO_TEST_CASE(rejected_by_that_of_the_parents_it_needs_one_of_its_own) {
  event_state s;
  s.distrust();
  BOOST_TEST(s.is_to_fetch());
  s.fetch({}, false);
  BOOST_TEST(s.is_given());
  BOOST_TEST(!s.is_to_fetch());
  s.distrust();
  BOOST_TEST(s.is_to_fetch()); // that of the parents was distrusted before
}

BOOST_AUTO_TEST_CASE(rejected_by_one_that_was_sent_it_is_judged_by_that_of_the_parents) {
  event_state s;
  s.fetch({}, true);
  s.distrust();
  BOOST_TEST(!s.is_given());
  BOOST_TEST(!s.is_to_fetch());
  BOOST_TEST(!s.is_remote());
}

BOOST_AUTO_TEST_CASE(one_that_is_dropped_does_not_count_and_is_needed_where_it_was) {
  event_state s;
  s.fetch({}, true);
  s.drop();
  BOOST_TEST(!s.is_given());
  BOOST_TEST(!s.stands_alone());
  BOOST_TEST(!s.is_to_fetch());
  BOOST_TEST(s.is_remote());
  s.need();
  s.fetch({}, false);
  s.drop();
  BOOST_TEST(s.is_to_fetch());
}

BOOST_AUTO_TEST_SUITE_END()
