#include "plugin/gateway/attempt_gate.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::gateway {

BOOST_AUTO_TEST_SUITE(gateway_attempt_gate)

namespace {

using namespace std::chrono_literals;
using keys = std::vector<attempt_gate::key>;
using outcome = attempt_gate::outcome;
constexpr attempt_gate::time_point start{100s};

std::string server(std::uint64_t k) { return "s" + std::to_string(k) + ".example"; }

/// Asks for so many attempts at servers of their own, from key `first` on. @returns how many may begin at once without
/// a turn
std::size_t ask(attempt_gate& gate, std::uint64_t first, std::uint64_t count, attempt_gate::time_point now = start) {
  std::size_t at_once = 0;
  for (auto k = first; k < first + count; ++k) at_once += gate.ask(k, server(k), now) ? 1 : 0;
  return at_once;
}

} // namespace

BOOST_AUTO_TEST_CASE(who_answered_just_now_may_always_be_asked) {
  attempt_gate gate{{.per_second = 1, .burst = 1, .heard_per_second = 1, .heard_burst = 1}};
  BOOST_TEST(!gate.ask(1, "a.example", start));
  BOOST_TEST(gate.due(start) == (keys{1}), boost::test_tools::per_element());
  gate.ended(1, "a.example", outcome::answered, start);
  for (attempt_gate::key k = 2; k < 100; ++k) BOOST_TEST(gate.ask(k, "a.example", start + 999ms));
  BOOST_TEST(gate.ask(100, "a.example", start + 9s)); // a single one that answered lately likewise
  BOOST_TEST(!gate.ask(101, "a.example", start + 10s));
}

BOOST_AUTO_TEST_CASE(a_crowd_that_answered_lately_is_asked_one_after_the_other_and_before_all_others) {
  attempt_gate gate{{.per_second = 1, .burst = 1, .heard_per_second = 100, .heard_burst = 3}};
  for (attempt_gate::key k = 1; k <= 6; ++k) gate.ended(k, server(k), outcome::answered, start);
  BOOST_TEST(ask(gate, 100, 1, start + 2s) == 0u); // a stranger
  BOOST_TEST(ask(gate, 1, 6, start + 2s) == 3u);
  BOOST_TEST(gate.waiting() == 4u);
  BOOST_TEST(gate.due(start + 2s) == (keys{100}), boost::test_tools::per_element()); // has a turn of its own kind
  BOOST_TEST((gate.next() == start + 2s + 10ms));
  BOOST_TEST(gate.due(start + 2s + 10ms) == (keys{4}), boost::test_tools::per_element());
  gate.ended(5, server(5), outcome::untried, start + 2s);
  BOOST_TEST(gate.due(start + 3s) == (keys{6}), boost::test_tools::per_element());
  BOOST_TEST(gate.waiting() == 0u);
  BOOST_TEST(!gate.next());
}

BOOST_AUTO_TEST_CASE(what_holds_up_the_thread_counts_as_turns) {
  attempt_gate gate{{.per_second = 100, .burst = 1}};
  ask(gate, 1, 20);
  BOOST_TEST(gate.due(start) == (keys{1}), boost::test_tools::per_element());
  gate.charge(10ms, start + 10ms); // it closed the connections of others, say
  BOOST_TEST((gate.next() == start + 30ms));
  BOOST_TEST(gate.due(start + 29ms).empty());
  BOOST_TEST(gate.due(start + 30ms) == (keys{2}), boost::test_tools::per_element());
  gate.charge(1h, start + 1h); // three turns at most
  BOOST_TEST((gate.next() == start + 1h + 40ms));
}

BOOST_AUTO_TEST_CASE(of_those_heard_of_lately_so_many_hang_at_a_time) {
  attempt_gate gate{{.heard_burst = 10, .parallel_max = 2}};
  for (attempt_gate::key k = 1; k <= 5; ++k) gate.ended(k, server(k), outcome::answered, start);
  BOOST_TEST(ask(gate, 1, 5, start + 2s) == 2u);
  BOOST_TEST(!gate.next());
  BOOST_TEST(gate.due(start + 3s).empty());
  BOOST_TEST(gate.reached(1));
  BOOST_TEST(gate.due(start + 3s) == (keys{3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(others_are_tried_so_many_in_a_second_in_the_order_of_asking) {
  attempt_gate gate{{.per_second = 10, .burst = 3}};
  BOOST_TEST(ask(gate, 1, 100) == 0u);
  BOOST_TEST(gate.due(start) == (keys{1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST((gate.next() == start + 100ms));
  BOOST_TEST(gate.due(start + 99ms).empty());
  BOOST_TEST(gate.due(start + 200ms) == (keys{4, 5}), boost::test_tools::per_element());
  BOOST_TEST(gate.due(start + 1h).size() == 3u); // no more than that, however long the pause was
  BOOST_TEST(gate.waiting() == 92u);
}

BOOST_AUTO_TEST_CASE(so_many_hang_at_a_time_and_one_that_ends_or_is_reached_makes_place) {
  attempt_gate gate{{.per_second = 1'000, .burst = 100, .parallel_max = 4}};
  ask(gate, 1, 10);
  BOOST_TEST(gate.due(start).size() == 4u);
  BOOST_TEST(!gate.next());
  BOOST_TEST(gate.reached(1));
  BOOST_TEST(gate.ended(2, server(2), outcome::failed, start));
  BOOST_TEST(gate.due(start + 1s) == (keys{5, 6}), boost::test_tools::per_element());
  BOOST_TEST(!gate.reached(1)); // its place was given back already
  BOOST_TEST(gate.due(start + 2s).empty());
}

BOOST_AUTO_TEST_CASE(one_that_nobody_has_tried_does_not_stand_behind_those_that_are_known_to_be_dead) {
  attempt_gate gate{{.per_second = 1'000, .burst = 100, .parallel_max = 4}};
  ask(gate, 1, 4);
  for (const auto k : gate.due(start)) gate.ended(k, server(k), outcome::failed, start);
  for (attempt_gate::key k = 1; k <= 50; ++k) BOOST_TEST(!gate.ask(100 + k, server(k % 4 + 1), start));
  BOOST_TEST(gate.due(start) == (keys{101, 102, 103, 104}), boost::test_tools::per_element()); // they hang
  BOOST_TEST(!gate.ask(500, "new.example", start));
  BOOST_TEST(gate.due(start) == (keys{500}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(known_dead_ones_have_their_turns_beside_a_crowd_of_new_ones) {
  attempt_gate gate{{.per_second = 1, .burst = 8}};
  ask(gate, 1, 4);
  for (const auto k : gate.due(start)) gate.ended(k, server(k), outcome::failed, start);
  for (attempt_gate::key k = 1; k <= 4; ++k) gate.ask(100 + k, server(k), start);
  ask(gate, 200, 100);
  const auto begun = gate.due(start + 1h);
  BOOST_TEST(begun.size() == 8u);
  BOOST_TEST(std::count_if(begun.begin(), begun.end(), [](auto k) { return k < 200; }) == 2);
}

BOOST_AUTO_TEST_CASE(who_ends_while_he_waits_leaves_no_trace) {
  attempt_gate gate{{.per_second = 1, .burst = 1}};
  ask(gate, 1, 3);
  BOOST_TEST(gate.ended(1, server(1), outcome::untried, start));
  BOOST_TEST(gate.due(start) == (keys{2}), boost::test_tools::per_element());
  gate.clear();
  BOOST_TEST(gate.waiting() == 0u);
  BOOST_TEST(gate.due(start + 1h).empty());
  BOOST_TEST(!gate.next());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
