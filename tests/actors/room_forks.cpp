#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_forks)

namespace {

constexpr const char* merge_type = "org.matrix.dummy_event";

/// `count` messages of eve on one parent.
std::vector<matrix::event_ptr> forks(const shared_room& r, int count) {
  const auto& parent = r.head();
  std::vector<matrix::event_ptr> list;
  for (int i = 0; i < count; ++i) list.push_back(r.message_of(eve, "fork " + std::to_string(i), parent));
  return list;
}

std::vector<matrix::event_ptr> merges_in(const room_host& r) {
  std::vector<matrix::event_ptr> found;
  for (const auto& [id, e] : r.disk.events)
    if (e.event->type == merge_type) found.push_back(e.event);
  return found;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_few_ends_of_the_graph_wait_for_the_next_message) {
  shared_room r;
  r.push(forks(r, 10));
  r.pass(120'000);
  BOOST_TEST(r.head().size() == 10u);
}

BOOST_AUTO_TEST_CASE(more_than_ten_are_brought_together_when_nobody_wrote_for_a_while) {
  shared_room r;
  r.push(forks(r, 11));
  r.pass(59'000);
  BOOST_TEST(r.head().size() == 11u);
  const auto merged = r.pass(61'000);
  const auto merges = merges_in(r);
  BOOST_REQUIRE(merges.size() == 1u);
  BOOST_TEST(merges[0]->sender == ann);
  BOOST_TEST(!merges[0]->is_state());
  BOOST_TEST(merges[0]->content().empty());
  BOOST_TEST(merges[0]->prev_events.size() == 11u);
  BOOST_TEST(r.head() == std::vector{merges[0]->event_id}, boost::test_tools::per_element());
  BOOST_TEST(written<store::queue_pdu>(merged).at(0).server_name == "there.example");
  BOOST_TEST(written<store::append_outbox>(merged).empty()); // nothing that a chat server shows
}

BOOST_AUTO_TEST_CASE(a_message_in_the_meantime_makes_it_unnecessary) {
  shared_room r;
  r.push(forks(r, 11));
  r.push({r.message_of(eve, "all together", r.head())});
  BOOST_TEST(r.head().size() == 1u);
  r.pass(120'000);
  BOOST_TEST(merges_in(r).empty());
}

BOOST_AUTO_TEST_CASE(a_storm_of_forks_never_leaves_more_than_twenty) {
  shared_room r;
  const auto parent = r.head();
  for (int i = 0; i < 200; ++i) {
    r.push({r.message_of(eve, "fork " + std::to_string(i), parent)});
    BOOST_TEST(r.head().size() <= 20u);
  }
  BOOST_TEST(merges_in(r).size() <= 12u);
  BOOST_TEST(!merges_in(r).empty());
}

BOOST_AUTO_TEST_CASE(where_none_of_us_may_write_a_membership_that_changes_nothing_brings_them_together) {
  shared_room r;
  object levels = r.event(r.state().at({"m.room.power_levels", ""}))->content();
  levels.set("events_default", 50);
  levels.set("users", object{{std::string{eve}, 100}});
  r.push({r.made(ann, "m.room.power_levels", levels, "")});
  const auto before = r.event(r.state().at({"m.room.member", ann}))->content();
  r.push(forks(r, 21));
  BOOST_TEST(merges_in(r).empty());
  BOOST_REQUIRE(r.head().size() < 21u);
  const auto member = r.event(r.state().at({"m.room.member", ann}));
  BOOST_TEST(member->prev_events.size() == 20u);
  BOOST_TEST((member->content() == before));
  BOOST_TEST(r.membership(ann) == "join");
}

BOOST_AUTO_TEST_SUITE_END()
