#include "actors/scheduling.hpp"

#include <boost/test/unit_test.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <string>
#include <vector>

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
  auto next = system.spawn(
    [&](caf::event_based_actor*) -> caf::behavior { return {[&](int hops) { arrived.set_value(hops); }}; });
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

namespace {

/// One worker, which is held at its job until everything of the test is ready to run. Actors note their names as they
/// run.
struct one_worker {
  struct config : caf::actor_system_config {
    config() {
      load<few_wakes_scheduler>();
      set("scheduler.max-threads", std::size_t{1});
    }
  };
  caf::actor make(const std::string& name, bool patient) {
    std::promise<void> made;
    auto out = system.spawn([&, name, patient](caf::event_based_actor* self) -> caf::behavior {
      set_patient(*self, patient);
      made.set_value();
      return {[this, name](int) {
        order.push_back(name);
        if (order.size() == expected) done.set_value();
      }};
    });
    made.get_future().get();
    return out;
  }
  std::vector<std::string> run(const std::vector<caf::actor>& actors) {
    expected = actors.size();
    std::promise<void> holds, go_on;
    auto gate = system.spawn([&](caf::event_based_actor*) -> caf::behavior {
      return {[&](int) {
        holds.set_value();
        go_on.get_future().get();
      }};
    });
    caf::anon_send(gate, 1);
    holds.get_future().get();
    for (const auto& each : actors) caf::anon_send(each, 1);
    go_on.set_value();
    BOOST_REQUIRE((done.get_future().wait_for(patience) == std::future_status::ready));
    return order;
  }

  config settings;
  caf::actor_system system{settings};
  std::size_t expected = 0;
  std::vector<std::string> order;
  std::promise<void> done;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_patient_actor_runs_after_those_that_are_not) {
  one_worker x;
  const auto patient = x.make("patient", true), also = x.make("also", true), urgent = x.make("urgent", false);
  BOOST_TEST(x.run({patient, also, urgent}) == (std::vector<std::string>{"urgent", "patient", "also"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nobody_starves_a_patient_actor) {
  one_worker x;
  std::vector<caf::actor> all{x.make("patient", true), x.make("patient", true)};
  for (int i = 0; i < 40; ++i) all.push_back(x.make("urgent", false));
  const auto order = x.run(all);
  std::vector<std::ptrdiff_t> places;
  for (auto at = order.begin(); at != order.end(); ++at)
    if (*at == "patient") places.push_back(at - order.begin());
  BOOST_REQUIRE(places.size() == 2u);
  BOOST_TEST(places[0] <= 16);
  BOOST_TEST(places[1] <= 33);
}

BOOST_AUTO_TEST_SUITE_END()
