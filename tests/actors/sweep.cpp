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
  handles("before");
  BOOST_TEST(sweep(state, 10).begins); // whoever begins reads the list behind this
  for (const auto* key : {"a", "b", "c"}) handles(key);
  BOOST_TEST((changed() == std::set<std::string>{"a", "b", "c"}));
  BOOST_TEST(changed().empty());
  handles("b");
  BOOST_TEST((changed() == std::set<std::string>{"b"}));
  enters("c", supervisor_state::child::phase::parked);
  BOOST_TEST((changed() == std::set<std::string>{"c"}));
  gets("a", 2); // they wait
  const auto seen = sweep(state, 10);
  BOOST_TEST(!seen.begins);
  BOOST_REQUIRE(seen.changed.size() == 1u);
  BOOST_TEST(seen.changed.front().mailbox == 2u);
}

BOOST_FIXTURE_TEST_CASE(one_that_works_off_what_waits_is_told_though_nothing_more_comes, sweep_rig) {
  changed();
  gets("a", 3);
  BOOST_TEST(changed().size() == 1u);
  BOOST_TEST(changed().empty()); // it stands still
  child("a").progress->handled = 2;
  BOOST_TEST(sweep(state, 10).changed.at(0).mailbox == 1u);
  child("a").progress->handled = 3;
  BOOST_TEST(sweep(state, 10).changed.at(0).mailbox == 0u);
  BOOST_TEST(changed().empty());
}

BOOST_FIXTURE_TEST_CASE(of_many_changes_all_are_told_in_turn_and_the_oldest_first, sweep_rig) {
  changed();
  for (int i = 0; i < 2'500; ++i) handles("k" + std::to_string(100'000 + i));
  const auto oldest = changed();
  BOOST_TEST(oldest.size() == 1'000u);
  BOOST_TEST(oldest.contains("k100000"));
  handles("k100000"); // once more
  const auto next = changed();
  BOOST_TEST(next.size() == 1'000u);
  BOOST_TEST(!next.contains("k100000"));
  const auto last = changed();
  BOOST_TEST(last.size() == 501u);
  BOOST_TEST(last.contains("k100000"));
}

BOOST_FIXTURE_TEST_CASE(one_of_a_hundred_thousand_is_told_at_once, sweep_rig) {
  for (int i = 0; i < 100'000; ++i) handles("k" + std::to_string(100'000 + i));
  changed();
  handles("k150000");
  BOOST_TEST((changed() == std::set<std::string>{"k150000"}));
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
  const auto seen = sweep(state, 10);
  BOOST_TEST(seen.gone.empty());
  BOOST_TEST(seen.begins); // what was not remembered is not passed over in silence
}

BOOST_FIXTURE_TEST_CASE(a_child_that_goes_before_it_is_told_does_not_stop_the_others, sweep_rig) {
  changed();
  for (const auto* key : {"a", "b", "c"}) handles(key);
  BOOST_TEST((changed(1) == std::set<std::string>{"a"}));
  ends("b");
  BOOST_TEST((changed() == std::set<std::string>{"c"}));
  state.children.clear();
  BOOST_TEST(changed().empty());
}

BOOST_FIXTURE_TEST_CASE(totals_are_of_all, sweep_rig) {
  handles("a", 3);
  child("b").routed = 5;
  enters("c", supervisor_state::child::phase::parked);
  const auto seen = sweep(state, 0);
  BOOST_TEST(seen.children == 3u);
  BOOST_TEST(seen.mailbox == 5u);
  BOOST_TEST(seen.mailbox_longest == 5u);
  BOOST_TEST(seen.handled == 3u);
  BOOST_TEST(seen.parked == 1u);
  BOOST_TEST(seen.changed.empty());
}

BOOST_AUTO_TEST_SUITE_END()
