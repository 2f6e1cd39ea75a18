#include "actors/room/held_pdus.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(room_held_pdus)

namespace {

room::held_pdu held(std::string row, std::string origin) { return {{}, std::move(row), std::move(origin), 0, 0}; }

std::vector<std::string> rows(const lazy_deque<room::held_pdu>& list) {
  std::vector<std::string> all;
  for (const auto& x : list) all.push_back(x.row + " " + x.origin);
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(one_copy_of_each_server_is_held_in_the_order_they_came) {
  room::held_pdus x;
  BOOST_TEST(x.add(held("$b", "one")));
  BOOST_TEST(x.add(held("$a", "one")));
  BOOST_TEST(x.add(held("$a", "two")));
  BOOST_TEST(!x.add(held("$a", "one")));
  BOOST_TEST(rows(x.all()) == (std::vector<std::string>{"$b one", "$a one", "$a two"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_of_an_event_may_go_with_its_last_copy) {
  room::held_pdus x;
  x.add(held("$a", "one"));
  x.add(held("$a", "two"));
  x.add(held("$aa", "one")); // another event, though its id begins alike
  BOOST_TEST(!x.drop("$a", "one"));
  BOOST_TEST(x.drop("$a", "two"));
  BOOST_TEST(rows(x.all()) == std::vector<std::string>{"$aa one"}, boost::test_tools::per_element());
  BOOST_TEST(x.add(held("$a", "one"))); // it is as if it had never been there
}

BOOST_AUTO_TEST_CASE(what_was_taken_may_come_again) {
  room::held_pdus x;
  x.add(held("$a", "one"));
  BOOST_TEST(rows(x.take()) == std::vector<std::string>{"$a one"}, boost::test_tools::per_element());
  BOOST_TEST(rows(x.all()).empty());
  BOOST_TEST(x.add(held("$a", "one")));
}

BOOST_AUTO_TEST_SUITE_END()
