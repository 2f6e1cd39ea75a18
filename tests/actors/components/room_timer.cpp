#include "actors/room/room_timer.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_timer_alone)

namespace {

constexpr time_ms idle_ms = 60'000;

} // namespace

BOOST_AUTO_TEST_CASE(room_ends_when_nobody_has_spoken_to_it_for_the_idle_time) {
  decision out{{actor_kind::room, "!r"}};
  room::room_timer timer{out, idle_ms};
  out.set_now(noon);
  timer.touch();
  BOOST_TEST(timer.deadline() == 0);
  timer.begin_idle();
  BOOST_TEST(timer.deadline() == noon + idle_ms);
  out.set_now(noon + 1'000);
  timer.begin_idle(); // once
  BOOST_TEST(timer.deadline() == noon + idle_ms);
  out.set_now(noon + idle_ms - 1);
  timer.consider_end(true);
  BOOST_TEST(of_kind<finish>(out.take()).empty());
  BOOST_TEST(timer.deadline() == noon + idle_ms + idle_ms / 4 - 1);
  out.set_now(noon + idle_ms);
  timer.consider_end(false); // something is under way
  BOOST_TEST(of_kind<finish>(out.take()).empty());
  timer.consider_end(true);
  BOOST_TEST(of_kind<finish>(out.take()).size() == 1u);
  BOOST_TEST(timer.deadline() > noon + idle_ms); // a message may cross it
}

BOOST_AUTO_TEST_CASE(who_speaks_to_a_room_puts_its_end_off) {
  decision out{{actor_kind::room, "!r"}};
  room::room_timer timer{out, idle_ms};
  out.set_now(noon);
  timer.touch();
  timer.begin_idle();
  out.set_now(noon + 50'000);
  timer.touch();
  out.set_now(noon + idle_ms);
  timer.consider_end(true);
  BOOST_TEST(of_kind<finish>(out.take()).empty());
  BOOST_TEST(timer.deadline() == noon + 50'000 + idle_ms);
}

BOOST_AUTO_TEST_CASE(timer_is_moved_to_an_earlier_deadline_only) {
  decision out{{actor_kind::room, "!r"}};
  room::room_timer timer{out, idle_ms};
  out.set_now(noon);
  timer.set_for(0);
  BOOST_TEST(out.take().empty());
  timer.set_for(noon + 500);
  BOOST_TEST(timer_at(out.take(), timer.name) == noon + 500);
  timer.set_for(noon + 500);
  timer.set_for(noon + 900);
  BOOST_TEST(out.take().empty());
  timer.set_for(noon + 100);
  BOOST_TEST(timer_at(out.take(), timer.name) == noon + 100);
  timer.went_off();
  timer.set_for(noon + 900);
  BOOST_TEST(timer_at(out.take(), timer.name) == noon + 900);
}

BOOST_AUTO_TEST_SUITE_END()
