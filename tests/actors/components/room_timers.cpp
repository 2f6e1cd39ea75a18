#include "actors/room/room_timers.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_timers_alone)

namespace {

constexpr time_ms idle_ms = 60'000;

} // namespace

BOOST_AUTO_TEST_CASE(room_ends_when_nobody_has_spoken_to_it_for_the_idle_time) {
  decision out{{actor_kind::room, "!r"}};
  room::room_timers timers{out, idle_ms};
  out.set_now(noon);
  timers.touch();
  timers.begin_idle();
  BOOST_TEST(timer_at(out.take(), "idle") == noon + idle_ms);
  timers.begin_idle(); // once
  BOOST_TEST(out.take().empty());
  out.set_now(noon + idle_ms - 1);
  timers.on_idle(true);
  auto list = out.take();
  BOOST_TEST(of_kind<finish>(list).empty());
  BOOST_TEST(timer_at(list, "idle") == noon + idle_ms + idle_ms / 4 - 1);
  out.set_now(noon + idle_ms);
  timers.on_idle(false); // something is under way
  BOOST_TEST(of_kind<finish>(out.take()).empty());
  timers.on_idle(true);
  list = out.take();
  BOOST_TEST(of_kind<finish>(list).size() == 1u);
  BOOST_TEST(timer_at(list, "idle") != 0); // a message may cross it
}

BOOST_AUTO_TEST_CASE(open_questions_are_looked_at_while_there_are_some) {
  decision out{{actor_kind::room, "!r"}};
  room::room_timers timers{out, idle_ms};
  out.set_now(noon);
  timers.begin_watch();
  timers.begin_watch();
  BOOST_TEST(of_kind<wake_me_at>(out.take()).size() == 1u);
  timers.on_watch();
  BOOST_TEST(out.take().empty());
  timers.begin_watch();
  BOOST_TEST(of_kind<wake_me_at>(out.take()).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
