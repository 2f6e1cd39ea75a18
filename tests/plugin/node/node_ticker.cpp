#include "plugin/node_ticker.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

using namespace causeway;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(ticker_of_a_node)

BOOST_AUTO_TEST_CASE(it_calls_again_and_again) {
  std::atomic<int> calls = 0;
  node_ticker ticker{1ms, [&] {
                       ++calls;
                       calls.notify_all();
                     }};
  for (int seen = calls; seen < 3; seen = calls) calls.wait(seen);
  ticker.stop();
  BOOST_TEST(calls >= 3);
}

BOOST_AUTO_TEST_CASE(stop_waits_for_the_call_under_way_and_none_follows) {
  std::atomic<bool> is_called = false, goes_on = false, is_done = false;
  node_ticker ticker{1ms, [&] {
                       is_called = true;
                       is_called.notify_all();
                       goes_on.wait(false);
                       is_done = true;
                     }};
  is_called.wait(false);
  std::atomic<bool> is_stopped = false;
  std::thread other{[&] {
    ticker.stop();
    is_stopped = is_done.load(); // false: it did not wait
  }};
  goes_on = true;
  goes_on.notify_all();
  other.join();
  BOOST_TEST(is_stopped);
  ticker.stop(); // harmless
}

BOOST_AUTO_TEST_CASE(stop_ends_the_pause_at_once) {
  std::atomic<int> calls = 0;
  std::optional<node_ticker> ticker;
  ticker.emplace(24h, [&] { ++calls; });
  ticker.reset(); // would last a day
  BOOST_TEST(calls == 0);
}

BOOST_AUTO_TEST_SUITE_END()
