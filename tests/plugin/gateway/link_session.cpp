#include "plugin/gateway/link_session.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::gateway {

BOOST_AUTO_TEST_SUITE(gateway_link_session)

namespace {

using namespace std::chrono_literals;
using edge::verb;
using phase = link_session::phase;
const link_session::time_point start{100s};

/// A session that was greeted at `start`.
link_session greeted() {
  link_session out{{}};
  BOOST_TEST(out.open(start).send_hello);
  const auto todo = out.on_frame(verb::welcome, "", start);
  BOOST_TEST(todo.came_up);
  BOOST_TEST(!todo.lost);
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(hello_is_repeated_until_welcome) {
  link_session x{{}};
  BOOST_TEST(x.open(start).send_hello);
  BOOST_TEST(!x.on_tick(start + 900ms).send_hello);
  BOOST_TEST((x.next_tick() == start + 1s));
  BOOST_TEST(x.on_tick(start + 1s).send_hello);
  x.on_frame(verb::welcome, "", start + 1100ms);
  BOOST_TEST((x.state() == phase::up));
  BOOST_TEST(!x.on_tick(start + 2s).send_hello);
}

BOOST_AUTO_TEST_CASE(silence_is_met_with_pings_then_loss_then_a_new_greeting) {
  auto x = greeted();
  BOOST_TEST(!x.on_tick(start + 1s).send_ping);
  BOOST_TEST(x.on_tick(start + 2s).send_ping);
  BOOST_TEST(!x.on_tick(start + 3s).send_ping);
  BOOST_TEST(x.on_tick(start + 4s).send_ping);
  const auto todo = x.on_tick(start + 10s);
  BOOST_TEST(todo.lost);
  BOOST_TEST(todo.send_hello);
  BOOST_TEST((x.state() == phase::greeting));
  BOOST_TEST(!x.on_tick(start + 10s).lost);
}

BOOST_AUTO_TEST_CASE(another_node_is_greeted_at_once_and_what_was_open_at_the_first_is_lost) {
  auto x = greeted();
  const auto todo = x.retarget(start + 1s);
  BOOST_TEST(todo.send_hello);
  BOOST_TEST(todo.lost);
  BOOST_TEST((x.state() == phase::greeting));
  const auto again = x.retarget(start + 2s); // nothing can be open at one that has not answered
  BOOST_TEST(again.send_hello);
  BOOST_TEST(!again.lost);
  BOOST_TEST((x.next_tick() == start + 3s));
  BOOST_TEST(x.on_frame(verb::welcome, "", start + 2500ms).came_up);
}

BOOST_AUTO_TEST_CASE(any_frame_is_a_sign_of_life) {
  auto x = greeted();
  for (auto t = start; t < start + 60s; t += 1s) BOOST_TEST(x.on_frame(verb::result, "", t).deliver);
  BOOST_TEST(!x.on_tick(start + 60s).lost);
}

BOOST_AUTO_TEST_CASE(node_that_forgot_us_is_greeted_anew_once) {
  auto x = greeted();
  const auto todo = x.on_frame(verb::error, "hello_required", start + 1s);
  BOOST_TEST(todo.lost);
  BOOST_TEST(todo.send_hello);
  BOOST_TEST(!x.on_frame(verb::error, "hello_required", start + 1s).send_hello);
  BOOST_TEST(x.on_frame(verb::welcome, "", start + 1s).came_up);
}

BOOST_AUTO_TEST_CASE(other_errors_change_nothing) {
  auto x = greeted();
  const auto todo = x.on_frame(verb::error, "bad_frame", start);
  BOOST_TEST(!todo.lost);
  BOOST_TEST((x.state() == phase::up));
}

BOOST_AUTO_TEST_CASE(ping_is_answered_in_any_phase) {
  link_session x{{}};
  x.open(start);
  BOOST_TEST(x.on_frame(verb::ping, "", start).send_pong);
  auto y = greeted();
  BOOST_TEST(y.on_frame(verb::ping, "", start).send_pong);
}

BOOST_AUTO_TEST_CASE(after_bye_answers_still_come_and_a_successor_is_greeted) {
  auto x = greeted();
  BOOST_TEST(x.on_frame(verb::bye, "", start).parting);
  BOOST_TEST((x.state() == phase::parting));
  BOOST_TEST(x.on_frame(verb::result, "", start).deliver);
  BOOST_TEST(x.on_tick(start + 1s).send_hello);
  const auto todo = x.on_frame(verb::welcome, "", start + 1s);
  BOOST_TEST(todo.lost);
  BOOST_TEST(todo.came_up);
}

BOOST_AUTO_TEST_CASE(node_that_is_silent_after_bye_is_lost) {
  auto x = greeted();
  x.on_frame(verb::bye, "", start);
  BOOST_TEST(!x.on_tick(start + 9s).lost);
  BOOST_TEST(x.on_tick(start + 10s).lost);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
