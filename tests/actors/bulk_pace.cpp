// What a crowd of actors is told at once: at a bounded rate, the active ones first, nothing twice, nothing overtaken.
#include "actors/bulk_pace.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace causeway;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(bulk_pace_suite)

namespace {

const bulk_pace::time_point start_time{1h};
constexpr bulk_pace::time_point unknown{};

routed message_for(const std::string& key, const std::string& word = {}) { return {key, server_alive{word}}; }

std::vector<std::string> keys_of(const std::vector<routed>& list) {
  std::vector<std::string> out;
  for (const auto& m : list) out.push_back(m.key);
  return out;
}

std::string word_of(const routed& m) { return std::get<server_alive>(m.body).server_name; }

} // namespace

BOOST_AUTO_TEST_CASE(a_burst_goes_at_once_and_the_rest_at_the_rate) {
  bulk_pace pace{{.per_second = 1'000, .quiet_per_second = 1'000, .burst = 16}};
  for (int n = 0; n < 100; ++n) pace.put(message_for("s" + std::to_string(n)), unknown);
  BOOST_TEST(pace.due(start_time).size() == 16);
  BOOST_TEST(pace.due(start_time).empty());
  BOOST_TEST(pace.due(start_time + 10ms).size() == 10);
  BOOST_TEST(pace.due(start_time + 1h).size() == 16); // a long pause saves no more than a burst
  BOOST_TEST(pace.waiting() == 58);
}

BOOST_AUTO_TEST_CASE(who_was_active_last_comes_first_and_every_fourth_turn_is_for_who_waits_longest) {
  bulk_pace pace{{.per_second = 1, .quiet_per_second = 1, .burst = 8}};
  for (int n = 0; n < 6; ++n) pace.put(message_for("idle" + std::to_string(n)), unknown);
  pace.put(message_for("a while ago"), start_time - 10s);
  for (int n = 0; n < 4; ++n) pace.put(message_for("active" + std::to_string(n)), start_time - 1s);
  const std::vector<std::string> wanted{"active0", "active1",     "active2", "idle0",
                                        "active3", "a while ago", "idle1",   "idle2"};
  BOOST_TEST(keys_of(pace.due(start_time)) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_turn_hands_out_all_that_waits_for_one_in_order) {
  bulk_pace pace{{.per_second = 1, .quiet_per_second = 1, .burst = 1}};
  pace.put(message_for("x", "1"), unknown);
  pace.put(message_for("y", "2"), unknown);
  pace.put(message_for("x", "3"), unknown);
  const auto first = pace.due(start_time);
  BOOST_REQUIRE(first.size() == 2);
  BOOST_TEST(word_of(first[0]) == "1");
  BOOST_TEST(word_of(first[1]) == "3");
  BOOST_TEST(keys_of(pace.due(start_time + 1s)) == (std::vector<std::string>{"y"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_taken_out_of_turn_is_not_handed_out_again) {
  bulk_pace pace{{.per_second = 1, .quiet_per_second = 1, .burst = 10}};
  pace.put(message_for("x", "1"), unknown);
  pace.put(message_for("y", "2"), unknown);
  pace.put(message_for("x", "3"), unknown);
  BOOST_TEST(pace.take("x").size() == 2);
  BOOST_TEST(pace.take("x").empty());
  pace.put(message_for("x", "4"), unknown);
  const auto rest = pace.due(start_time);
  BOOST_REQUIRE(rest.size() == 2);
  BOOST_TEST(word_of(rest[0]) == "2");
  BOOST_TEST(word_of(rest[1]) == "4");
  BOOST_TEST(pace.waiting() == 0);
}

BOOST_AUTO_TEST_CASE(next_says_when_and_nothing_when_nobody_waits) {
  bulk_pace pace{{.per_second = 10, .quiet_per_second = 10, .burst = 1}};
  BOOST_TEST(!pace.next(start_time));
  pace.put(message_for("x"), unknown);
  BOOST_TEST((pace.next(start_time) == start_time));
  pace.put(message_for("y"), unknown);
  BOOST_TEST(pace.due(start_time).size() == 1);
  BOOST_TEST((pace.next(start_time) == start_time + 100ms));
  BOOST_TEST(pace.due(start_time + 100ms).size() == 1);
  BOOST_TEST(!pace.next(start_time + 100ms));
}

BOOST_AUTO_TEST_CASE(who_was_not_active_lately_has_fewer_turns_and_holds_up_nobody_who_was) {
  bulk_pace pace{{.per_second = 1'000, .quiet_per_second = 100, .burst = 5}};
  for (int n = 0; n < 50; ++n) {
    pace.put(message_for("quiet" + std::to_string(n)), unknown);
    pace.put(message_for("active" + std::to_string(n)), start_time);
  }
  std::size_t quiet = 0, active = 0;
  for (auto now = start_time; now < start_time + 100ms;) {
    now += 5ms;
    for (const auto& key : keys_of(pace.due(now))) ++(key.starts_with("quiet") ? quiet : active);
  }
  BOOST_TEST(active == 50u);
  BOOST_TEST(quiet >= 9u); // a hundred in a second, and five at once in the beginning
  BOOST_TEST(quiet <= 15u);
}

BOOST_AUTO_TEST_CASE(the_turns_of_quiet_ones_come_faster_while_they_answer_and_slower_while_they_do_not) {
  bulk_pace pace{{.per_second = 1'000, .quiet_per_second = 100, .burst = 4}};
  auto now = start_time;
  const auto try_some = [&](int count, auto&& answers) {
    for (int n = 0; n < count; ++n) {
      const auto key = "s" + std::to_string(n);
      pace.put(message_for(key), unknown);
      BOOST_REQUIRE(pace.due(now += 1s).size() == 1u);
      pace.note(key, answers(n));
      pace.note(key, answers(n)); // what comes later is not about that turn
    }
  };
  const auto always = [](int) { return true; };
  const auto never = [](int) { return false; };
  BOOST_TEST(pace.quiet_rate() == 100);
  try_some(100, always);
  BOOST_TEST(pace.quiet_rate() == 300);
  pace.note("nobody tried it", true);
  BOOST_TEST(pace.quiet_rate() == 300);
  try_some(1'000, always);
  BOOST_TEST(pace.quiet_rate() == 1'000); // and no faster than any
  try_some(1'000, never);
  BOOST_TEST(pace.quiet_rate() == 100);
  try_some(900, [](int n) { return n % 4 != 0; }); // one in four is dead: it still grows
  BOOST_TEST(pace.quiet_rate() > 500);
}

BOOST_AUTO_TEST_CASE(after_a_pause_quiet_ones_begin_slowly_again) {
  bulk_pace pace{{.per_second = 1'000, .quiet_per_second = 100, .burst = 4}};
  pace.put(message_for("a"), unknown);
  pace.due(start_time);
  pace.note("a", true);
  BOOST_TEST(pace.quiet_rate() > 100);
  pace.due(start_time + bulk_pace::lately);
  BOOST_TEST(pace.quiet_rate() > 100);
  pace.due(start_time + 3 * bulk_pace::lately);
  BOOST_TEST(pace.quiet_rate() == 100);
}

BOOST_AUTO_TEST_CASE(turns_that_come_together_lose_none_of_the_rate) {
  bulk_pace pace{{.per_second = 10'000, .quiet_per_second = 10'000, .burst = 4}};
  for (int n = 0; n < 5'000; ++n) pace.put(message_for("s" + std::to_string(n)), unknown);
  pace.due(start_time);
  std::size_t turns = 0;
  for (auto now = start_time; now < start_time + 100ms;) turns += pace.due(now += bulk_pace::together).size();
  BOOST_TEST(turns >= 990u);
}

BOOST_AUTO_TEST_CASE(more_than_may_wait_goes_at_once) {
  bulk_pace pace{{.per_second = 1, .quiet_per_second = 1, .burst = 1, .messages_max = 10}};
  for (int n = 0; n < 15; ++n) pace.put(message_for("s" + std::to_string(n)), unknown);
  BOOST_TEST(pace.due(start_time).size() == 5);
  BOOST_TEST(pace.waiting() == 10);
}

BOOST_AUTO_TEST_CASE(whatever_comes_in_which_order_each_message_is_handed_out_once_and_in_order_of_its_key) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random{seed};
    bulk_pace pace{{.per_second = 100, .quiet_per_second = 100, .burst = 4, .messages_max = 60}};
    std::map<std::string, int> put, handed;
    auto now = start_time;
    const auto hand = [&](const routed& m) { BOOST_REQUIRE(word_of(m) == std::to_string(handed[m.key]++)); };
    for (int step = 0; step < 2'000; ++step) {
      const auto key = "s" + std::to_string(random() % 20);
      switch (random() % 4) {
      case 0:
      case 1:
        pace.put(message_for(key, std::to_string(put[key]++)), now - std::chrono::milliseconds(random() % 50));
        break;
      case 2:
        for (const auto& m : pace.take(key)) hand(m);
        break;
      default:
        now += std::chrono::milliseconds(random() % 20);
        for (const auto& m : pace.due(now)) hand(m);
      }
    }
    while (const auto next = pace.next(now)) {
      now = std::max(now, *next);
      for (const auto& m : pace.due(now)) hand(m);
    }
    BOOST_TEST((handed == put), "seed " << seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
