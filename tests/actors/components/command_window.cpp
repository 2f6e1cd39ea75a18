#include "actors/session/command_window.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using session::command_ptr;
using session::command_window;
using session::connection_key;
using session::open_command;

BOOST_AUTO_TEST_SUITE(command_windows)

namespace {

const connection_key one{0, "one"}, two{0, "two"};

command_ptr command(std::string id, bool looked_up = true, time_ms since = 0) {
  auto x = std::make_shared<open_command>();
  x->id = std::move(id);
  x->looked_up = looked_up;
  x->since = since;
  return x;
}

std::string ids(const std::vector<command_ptr>& list) {
  std::string text;
  for (const auto& x : list) text += x->id + ' ';
  return text;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_command_that_is_looked_up_holds_back_those_behind_it) {
  command_window window{8};
  const auto first = command("a", false);
  window.open(first);
  window.open(command("b"));
  window.queue(command(""));
  BOOST_TEST(window.take_ready().empty());
  first->looked_up = true;
  const auto ready = window.take_ready();
  BOOST_TEST(ids(ready) == "a b  ");
  for (const auto& x : ready) BOOST_TEST(x->forwarded);
  BOOST_TEST(window.take_ready().empty()); // each goes on once
}

BOOST_AUTO_TEST_CASE(one_that_was_answered_before_its_turn_does_not_go_on) {
  command_window window{8};
  const auto first = command("a");
  window.open(first);
  window.open(command("b"));
  window.close(*first);
  BOOST_TEST(!window.find("a"));
  BOOST_TEST(ids(window.take_ready()) == "b ");
}

BOOST_AUTO_TEST_CASE(a_command_that_goes_on_is_open_until_it_has_its_result) {
  command_window window{8};
  const auto x = command("a", true, 100);
  window.open(x);
  window.take_ready();
  BOOST_TEST(window.find("a") == x);
  BOOST_TEST(window.oldest_ms(150) == 50);
  window.close(*x);
  BOOST_TEST(window.empty());
  BOOST_TEST(window.oldest_ms(150) == 0);
}

BOOST_AUTO_TEST_CASE(open_commands_and_queued_ones_are_bounded_each) {
  command_window window{2};
  window.open(command("a", false));
  BOOST_TEST(!window.is_full());
  window.open(command("b", false));
  BOOST_TEST(window.is_full());
  BOOST_TEST(window.is_queue_full());
  for (const auto& x : window.all()) x->looked_up = true;
  window.take_ready();
  BOOST_TEST(window.is_full()); // they have no RESULT
  BOOST_TEST(!window.is_queue_full());
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_gone_waits_for_nothing_and_its_command_goes_on) {
  command_window window{8};
  const auto x = command("a");
  x->waiters = {one, two};
  window.open(x);
  window.leave("a", one);
  window.leave("unknown", one);
  BOOST_REQUIRE(x->waiters.size() == 1u);
  BOOST_TEST((x->waiters[0] == two));
  window.leave_all();
  BOOST_TEST(x->waiters.empty());
  BOOST_TEST(ids(window.take_ready()) == "a ");
}

BOOST_AUTO_TEST_SUITE_END()
