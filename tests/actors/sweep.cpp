#include "actors/supervisor/sweep.hpp"
#include "tests/actors/supervised.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(supervisor_sweep)

namespace {

struct sweep_rig : supervised {
  std::set<std::string> changed(std::size_t rows_max = 1'000) {
    std::set<std::string> keys;
    for (const auto& x : sweep(state, rows_max).changed) keys.insert(x.key);
    return keys;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(only_those_that_have_changed_are_told, sweep_rig) {
  for (const auto* key : {"a", "b", "c"}) handles(key);
  BOOST_TEST(changed().size() == 3u);
  BOOST_TEST(changed().empty());
  handles("b");
  BOOST_TEST((changed() == std::set<std::string>{"b"}));
  child("c").at = supervisor_state::child::phase::parked;
  BOOST_TEST((changed() == std::set<std::string>{"c"}));
  child("a").routed += 2; // they wait
  const auto seen = sweep(state, 10);
  BOOST_REQUIRE(seen.changed.size() == 1u);
  BOOST_TEST(seen.changed.front().mailbox == 2u);
}

BOOST_FIXTURE_TEST_CASE(of_many_some_are_looked_at_each_time_and_all_in_turn, sweep_rig) {
  for (int i = 0; i < 25'000; ++i) handles("k" + std::to_string(100'000 + i));
  std::set<std::string> all;
  int sweeps = 0;
  for (; all.size() < 25'000 && sweeps < 100; ++sweeps) {
    const auto now = changed();
    BOOST_TEST(now.size() <= 1'000u);
    all.insert(now.begin(), now.end());
  }
  BOOST_TEST(sweeps == 25); // by the rows they may tell
  for (int i = 0; i < 3; ++i) BOOST_TEST(changed().empty());
  handles("k124999");
  sweeps = 0;
  while (changed().empty() && sweeps < 10) ++sweeps;
  BOOST_TEST(sweeps < 3); // by the children they look at
}

BOOST_FIXTURE_TEST_CASE(who_has_ended_is_told_once_to_whoever_sweeps, sweep_rig) {
  note_gone(state, "before"); // nobody looked
  handles("a");
  BOOST_TEST(sweep(state, 10).gone.empty());
  note_gone(state, "a");
  BOOST_TEST((sweep(state, 10).gone == std::vector<std::string>{"a"}));
  BOOST_TEST(sweep(state, 10).gone.empty());
  outside.at += 60'000;
  note_gone(state, "b"); // nobody looks any more
  BOOST_TEST(sweep(state, 10).gone.empty());
}

BOOST_FIXTURE_TEST_CASE(a_child_that_goes_while_the_sweep_stands_at_it_does_not_stop_it, sweep_rig) {
  for (const auto* key : {"a", "b", "c"}) handles(key);
  BOOST_TEST((changed(1) == std::set<std::string>{"a"}));
  state.children.erase("a");
  BOOST_TEST((changed() == std::set<std::string>{"b", "c"}));
  state.children.clear();
  BOOST_TEST(changed().empty());
}

BOOST_FIXTURE_TEST_CASE(totals_are_of_all, sweep_rig) {
  handles("a", 3);
  child("b").routed = 5;
  child("c").at = supervisor_state::child::phase::parked;
  const auto seen = sweep(state, 0);
  BOOST_TEST(seen.children == 3u);
  BOOST_TEST(seen.mailbox == 5u);
  BOOST_TEST(seen.mailbox_longest == 5u);
  BOOST_TEST(seen.handled == 3u);
  BOOST_TEST(seen.parked == 1u);
  BOOST_TEST(seen.changed.empty());
}

BOOST_AUTO_TEST_SUITE_END()
