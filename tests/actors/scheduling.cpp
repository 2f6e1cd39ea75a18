#include "actors/scheduling.hpp"

#include <boost/test/unit_test.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <future>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(scheduling)

namespace {

/// More than any machine needs; a job that nobody takes fails the test instead of hanging it.
constexpr std::chrono::seconds patience{20};

struct two_workers : caf::actor_system_config {
  two_workers() {
    load<few_wakes_scheduler>();
    set("scheduler.max-threads", std::size_t{2});
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_message_passed_on_by_hundreds_of_actors_arrives) {
  two_workers config;
  caf::actor_system system{config};
  std::promise<int> arrived;
  auto next = system.spawn([&](caf::event_based_actor*) -> caf::behavior { return {[&](int hops) { arrived.set_value(hops); }}; });
  for (int i = 0; i < 500; ++i)
    next = system.spawn([next](caf::event_based_actor* self) -> caf::behavior {
      return {[self, next](int hops) {
        hand_out_held_back();
        self->send(next, hops + 1);
      }};
    });
  caf::anon_send(next, 0);
  auto hops = arrived.get_future();
  BOOST_REQUIRE((hops.wait_for(patience) == std::future_status::ready));
  BOOST_TEST(hops.get() == 500);
}

BOOST_AUTO_TEST_CASE(two_actors_made_ready_in_one_turn_run_side_by_side) {
  two_workers config;
  caf::actor_system system{config};
  std::promise<void> first_there, second_there;
  auto first_seen = first_there.get_future().share(), second_seen = second_there.get_future().share();
  std::promise<bool> met;
  // Each waits for the other: on one worker neither would end.
  auto first = system.spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](int) {
      first_there.set_value();
      met.set_value(second_seen.wait_for(patience) == std::future_status::ready);
    }};
  });
  auto second = system.spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](int) {
      second_there.set_value();
      first_seen.wait_for(patience);
    }};
  });
  auto both = system.spawn([first, second](caf::event_based_actor* self) -> caf::behavior {
    return {[=](int x) {
      self->send(first, x);
      self->send(second, x);
    }};
  });
  caf::anon_send(both, 1);
  BOOST_TEST(met.get_future().get());
}

BOOST_AUTO_TEST_CASE(an_actor_that_goes_on_with_a_long_message_holds_nobody_up) {
  two_workers config;
  caf::actor_system system{config};
  std::promise<void> ran;
  auto has_run = ran.get_future().share();
  std::promise<bool> seen;
  auto other = system.spawn([&](caf::event_based_actor*) -> caf::behavior { return {[&](int) { ran.set_value(); }}; });
  auto busy = system.spawn([&, other](caf::event_based_actor* self) -> caf::behavior {
    return {[&, self, other](int x) {
      hand_out_held_back();
      if (x == 1) {
        self->send(self, 2); // its own next message, in the same turn
        self->send(other, 1);
      } else {
        seen.set_value(has_run.wait_for(patience) == std::future_status::ready);
      }
    }};
  });
  caf::anon_send(busy, 1);
  BOOST_TEST(seen.get_future().get());
}

BOOST_AUTO_TEST_SUITE_END()
