#include "plugin/node_clock.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace causeway {
BOOST_AUTO_TEST_SUITE(node_node_clock)

namespace {

constexpr time_ms second_ms = 1'000, day_ms = 24 * 3'600'000;
constexpr time_ms noon = 1'700'000'000'000;

/// A machine whose clocks are numbers.
struct machine {
  time_ms steady = 5'000'000, wrong_by = 0;
  node_clock clock{noon + 5'000'000, 5'000'000};

  time_ms right() const { return noon + steady; }
  time_ms wall() const { return right() + wrong_by; }
  time_ms now() const { return clock.now(wall(), steady); }
  /// Time passes second by second. @returns the last report, with `set_by` of any
  node_clock::report pass(time_ms seconds) {
    node_clock::report last;
    time_ms set_by = 0;
    bool is_news = false;
    for (; seconds > 0; --seconds) {
      steady += second_ms;
      last = clock.look(wall(), steady);
      if (last.set_by != 0) set_by = last.set_by;
      is_news = is_news || last.is_news;
    }
    last.set_by = set_by;
    last.is_news = is_news;
    return last;
  }
  /// So many servers say the right time, or one that is wrong by this much.
  void told_by(int servers, time_ms theirs_wrong_by = 0, int first = 1) {
    for (int i = first; i < first + servers; ++i)
      clock.heard("s" + std::to_string(i), "198.51." + std::to_string(i) + ".1:8448",
                  (right() + theirs_wrong_by) / 1'000 * 1'000, 100, steady);
  }
};

bool is_wrong(const node_clock::report& x) { return x.why.code == fault_code::clock_wrong; }

} // namespace

BOOST_AUTO_TEST_CASE(a_clock_that_was_wrong_for_three_seconds_is_never_followed_and_nothing_is_signed_meanwhile) {
  machine m;
  BOOST_TEST(!is_wrong(m.pass(10)));
  for (const time_ms jump : {2 * day_ms, -2 * day_ms}) {
    m.wrong_by = jump;
    BOOST_TEST(m.now() == m.right()); // also before anybody has looked
    const auto during = m.pass(3);
    BOOST_TEST(is_wrong(during));
    BOOST_TEST(during.why.detail.find("has jumped 172800 s") != std::string::npos, during.why.detail);
    BOOST_TEST(m.now() == m.right());
    m.wrong_by = 0;
    const auto after = m.pass(1);
    BOOST_TEST(!is_wrong(after));
    BOOST_TEST(after.is_news);
    BOOST_TEST(after.set_by == 0);
  }
  BOOST_TEST(m.clock.alarms() == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_slewed_or_stepped_by_less_is_followed) {
  machine m;
  for (int i = 0; i < 100; ++i) {
    m.wrong_by += 500; // fifty seconds in all
    BOOST_TEST(!is_wrong(m.pass(1)));
    BOOST_TEST(m.now() == m.wall());
  }
  m.wrong_by += 29'000;
  BOOST_TEST(!is_wrong(m.pass(1)));
  BOOST_TEST(m.now() == m.wall());
}

BOOST_AUTO_TEST_CASE(a_jump_that_stays_and_that_nobody_contradicts_is_followed_after_a_minute_and_times_count_anew) {
  machine m;
  m.wrong_by = day_ms;
  BOOST_TEST(is_wrong(m.pass(60)));
  BOOST_TEST(m.now() == m.right());
  const auto then = m.pass(2);
  BOOST_TEST(!is_wrong(then));
  BOOST_TEST(then.set_by == day_ms);
  BOOST_TEST(m.now() == m.wall());
  BOOST_TEST(m.pass(10).set_by == 0);
}

BOOST_AUTO_TEST_CASE(a_clock_that_goes_on_jumping_is_not_followed) {
  machine m;
  for (int i = 1; i < 20; ++i) {
    m.wrong_by = i * day_ms;
    BOOST_TEST(is_wrong(m.pass(30)));
    BOOST_TEST(m.now() == m.right());
  }
}

BOOST_AUTO_TEST_CASE(a_jump_to_what_three_servers_say_is_followed_at_once) {
  machine m;
  m.told_by(3, day_ms); // ours was a day behind all the time
  BOOST_TEST(is_wrong(m.pass(1)));
  m.wrong_by = day_ms;
  const auto then = m.pass(1);
  BOOST_TEST(!is_wrong(then));
  BOOST_TEST(then.set_by == day_ms);
}

BOOST_AUTO_TEST_CASE(a_jump_that_the_only_server_known_contradicts_is_not_followed) {
  machine m;
  m.told_by(1);
  m.wrong_by = 2 * day_ms;
  BOOST_TEST(is_wrong(m.pass(600)));
  BOOST_TEST(m.now() == m.right());
  m.told_by(1);
  m.wrong_by = 0;
  BOOST_TEST(!is_wrong(m.pass(1)));
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_wrong_from_the_start_is_known_by_three_servers_and_right_again_by_itself) {
  for (const time_ms wrong_by : {2 * day_ms, -2 * day_ms, time_ms{60'000}}) {
    machine m;
    BOOST_TEST(!is_wrong(m.pass(5)));
    m.told_by(2, -wrong_by);
    const auto doubted = m.pass(1);
    BOOST_TEST(!is_wrong(doubted));
    BOOST_TEST(doubted.doubt.find("2 other servers say") != std::string::npos, doubted.doubt);
    m.told_by(3, -wrong_by);
    const auto found = m.pass(1);
    BOOST_TEST(is_wrong(found));
    BOOST_TEST(found.why.detail.find(wrong_by > 0 ? "ahead of what 3" : "behind what 3") != std::string::npos,
               found.why.detail);
    m.wrong_by = -wrong_by;
    BOOST_TEST(!is_wrong(m.pass(1)));
  }
}

BOOST_AUTO_TEST_CASE(a_few_wrong_servers_stop_nobody) {
  machine m;
  m.told_by(1, day_ms);
  BOOST_TEST(!is_wrong(m.pass(1)));
  m.told_by(4, day_ms);
  m.told_by(5, 0, 10);
  BOOST_TEST(!is_wrong(m.pass(1)));
  m.told_by(5, day_ms); // five of ten are no more than half
  BOOST_TEST(!is_wrong(m.pass(1)));
  machine scattered;
  for (int i = 1; i < 6; ++i) scattered.told_by(1, i * day_ms, i); // each says something else
  BOOST_TEST(!is_wrong(scattered.pass(1)));
}

BOOST_AUTO_TEST_CASE(names_of_one_network_are_one_witness) {
  machine m;
  for (int i = 0; i < 200; ++i)
    m.clock.heard("s" + std::to_string(i), "198.51.100." + std::to_string(i) + ":8448", m.right() + day_ms, 100,
                  m.steady);
  BOOST_TEST(!is_wrong(m.pass(1)));
  BOOST_TEST(clock_network_of("a", "198.51.100.7:8448") == "198.51.100.0/24");
  BOOST_TEST(clock_network_of("a", "[2001:db8:1:2::3]:8448") == "2001:db8:1::/48");
  BOOST_TEST(clock_network_of("a", "127.0.0.1:8448") == "a");
  BOOST_TEST(clock_network_of("a", "[::1]:8448") == "a");
  BOOST_TEST(clock_network_of("a", "") == "a");
}

BOOST_AUTO_TEST_CASE(what_was_said_counts_for_an_hour_and_a_slow_answer_says_little) {
  machine m;
  m.told_by(3, day_ms);
  BOOST_TEST(is_wrong(m.pass(1)));
  BOOST_TEST(!is_wrong(m.pass(3'600)));
  machine slow;
  for (int i = 0; i < 3; ++i)
    slow.clock.heard("s" + std::to_string(i), "127.0.0.1:1", slow.right() - 100'000, 120'000,
                     slow.steady); // dated as it began
  BOOST_TEST(!is_wrong(slow.pass(1)));
}

BOOST_AUTO_TEST_CASE(witnesses_are_bounded) {
  machine m;
  m.told_by(3, day_ms, 200);
  m.told_by(64);
  BOOST_TEST(!is_wrong(m.pass(1)));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway
