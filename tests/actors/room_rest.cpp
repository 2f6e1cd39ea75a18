#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_rest)

namespace {

std::int64_t events_at_hand(const shared_room& r) {
  return *matrix::json::parse(r.machine->describe(r.now))->find_integer("events_at_hand");
}

bool is_accepted(const shared_room& r, const matrix::event_ptr& x) {
  const auto it = r.disk.events.find(x->event_id);
  return it != r.disk.events.end() && it->second.judged == store::verdict::accepted;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_room_at_rest_takes_events_and_is_described_as_before) {
  shared_room r;
  const auto before = events_at_hand(r);
  r.machine->rest();
  BOOST_TEST(events_at_hand(r) == 0); // all of it is put away
  const auto answers = told<status_response>(r.on(status_request{{actor_kind::inspector, ""}, 1}));
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(*matrix::json::parse(answers[0].second.json)->find_integer("events_at_hand") == before);
  for (const auto* text : {"one", "two"}) {
    r.machine->rest();
    const auto x = r.message_of(eve, text);
    r.push({x});
    BOOST_TEST(is_accepted(r, x), text);
  }
  r.machine->rest();
  BOOST_TEST(r.served(r.head().front()).find_object("content")->find("body") != nullptr);
}

BOOST_AUTO_TEST_CASE(a_room_with_work_under_way_does_not_rest) {
  shared_room r;
  const auto unknown = r.message_of(eve, "comes later");
  r.push({r.message_of(eve, "its child", {unknown->event_id})});
  const auto before = events_at_hand(r);
  r.machine->rest();
  BOOST_TEST(events_at_hand(r) == before);
}

BOOST_AUTO_TEST_CASE(a_room_that_is_not_loaded_has_nothing_to_put_away) {
  shared_room r;
  r.machine = std::make_unique<room::room_machine>(r.node, r.room_id);
  r.machine->rest();
  r.restart();
  BOOST_TEST(events_at_hand(r) > 0);
}

BOOST_AUTO_TEST_SUITE_END()
