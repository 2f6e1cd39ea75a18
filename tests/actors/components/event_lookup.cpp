#include "actors/room/event_lookup.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_event_lookup)

BOOST_AUTO_TEST_CASE(each_event_is_asked_for_once_until_the_store_has_answered) {
  component_rig r;
  room::event_lookup lookup{r.room, r.pending};
  lookup.ask({"$b", "$a", "$b"});
  auto asked = of_kind<ask_store>(r.take());
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(std::get<store::load_events>(asked[0].question).event_ids == (std::vector<std::string>{"$a", "$b"}),
             boost::test_tools::per_element());
  lookup.ask({"$a"});
  BOOST_TEST(of_kind<ask_store>(r.take()).empty());
  BOOST_TEST(lookup.is_open());
  const auto q = r.question_of<room::question::cited_events>(asked[0].asked);
  BOOST_TEST(q.ids.size() == 2u);
  lookup.ended(q);
  BOOST_TEST(!lookup.is_open());
  lookup.ask({"$a"});
  BOOST_TEST(of_kind<ask_store>(r.take()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_absent_is_remembered_for_a_round) {
  component_rig r;
  room::event_lookup lookup{r.room, r.pending};
  lookup.set_absent("$a");
  lookup.set_absent("$b");
  BOOST_TEST(lookup.is_absent("$a"));
  lookup.forget("$a");
  BOOST_TEST(!lookup.is_absent("$a"));
  BOOST_TEST(lookup.is_absent("$b"));
  lookup.forget_absent();
  BOOST_TEST(!lookup.is_absent("$b"));
}

BOOST_AUTO_TEST_CASE(of_more_absent_events_than_are_remembered_the_oldest_alone_is_forgotten) {
  component_rig r;
  room::event_lookup lookup{r.room, r.pending};
  lookup.set_absent("$z"); // whatever the order of the names
  for (std::size_t i = 1; i < room::event_lookup::absent_max; ++i) lookup.set_absent("$" + std::to_string(i));
  BOOST_TEST(lookup.is_absent("$z"));
  lookup.set_absent("$a");
  BOOST_TEST(!lookup.is_absent("$z"));
  BOOST_TEST(lookup.is_absent("$1"));
  BOOST_TEST(lookup.is_absent("$a"));
}

BOOST_AUTO_TEST_SUITE_END()
