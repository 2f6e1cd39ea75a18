#include "actors/remote_server/history_calls.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using remote_server::history_calls;

BOOST_AUTO_TEST_SUITE(history_calls_suite)

namespace {

constexpr std::size_t at_once = 2;
const address room{actor_kind::room, "!r:here.example"};

federation_call call(std::uint64_t id) { return {"g", id, "there.example", nullptr, nullptr}; }

} // namespace

BOOST_AUTO_TEST_CASE(a_few_are_worked_on_and_the_others_follow_in_their_order) {
  history_calls x;
  BOOST_TEST((x.begin(at_once, room, call(1), noon) == history_calls::admission::hand_on));
  BOOST_TEST((x.begin(at_once, room, call(2), noon) == history_calls::admission::hand_on));
  BOOST_TEST((x.begin(at_once, room, call(3), noon) == history_calls::admission::waits));
  BOOST_TEST((x.begin(at_once, room, call(4), noon) == history_calls::admission::waits));
  BOOST_TEST(!x.next(at_once, noon));
  x.ended("g", 2);
  BOOST_TEST(x.next(at_once, noon)->body.id == 3u);
  BOOST_TEST(!x.next(at_once, noon));
  x.ended("g", 99); // an answer to something else
  BOOST_TEST(!x.next(at_once, noon));
  x.ended("g", 1);
  BOOST_TEST(x.next(at_once, noon)->body.id == 4u);
  BOOST_TEST(x.open() == 2u);
}

BOOST_AUTO_TEST_CASE(what_waits_is_bounded) {
  history_calls x;
  std::uint64_t id = 0;
  for (std::size_t i = 0; i < at_once + history_calls::waiting_max; ++i)
    BOOST_TEST((x.begin(at_once, room, call(++id), noon) != history_calls::admission::refuse));
  BOOST_TEST((x.begin(at_once, room, call(++id), noon) == history_calls::admission::refuse));
}

BOOST_AUTO_TEST_CASE(a_call_that_is_never_answered_gives_its_place_back) {
  history_calls x;
  for (std::uint64_t id = 1; id <= 3; ++id) x.begin(at_once, room, call(id), noon);
  const auto later = noon + history_calls::patience_ms;
  BOOST_TEST(x.overdue(later - 1).empty());
  BOOST_TEST(x.overdue(later).at(0).body.id == 3u);
  BOOST_TEST((x.begin(at_once, room, call(4), later) == history_calls::admission::hand_on));
}

BOOST_AUTO_TEST_SUITE_END()
