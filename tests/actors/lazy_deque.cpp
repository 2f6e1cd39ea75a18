#include "actors/lazy_deque.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using causeway::lazy_deque;

BOOST_AUTO_TEST_SUITE(lazy_deques)

namespace {

std::vector<std::string> content(const lazy_deque<std::string>& of) { return {of.begin(), of.end()}; }
const std::vector<std::string> none;

} // namespace

BOOST_AUTO_TEST_CASE(empty_it_is_one_pointer_and_can_be_walked_through) {
  lazy_deque<std::string> x;
  static_assert(sizeof x == sizeof(void*));
  BOOST_TEST(x.empty());
  BOOST_TEST(x.size() == 0u);
  BOOST_TEST((x.begin() == x.end()));
  BOOST_TEST(content(x) == none);
  BOOST_TEST(x.erase_if([](const auto&) { return true; }) == 0u);
  x.clear();
  BOOST_TEST(x.empty());
}

BOOST_AUTO_TEST_CASE(what_comes_in_at_either_end_goes_out_in_order_until_it_is_empty_again) {
  lazy_deque<std::string> x;
  x.push_back("b");
  x.push_back("c");
  x.push_front("a");
  BOOST_TEST(content(x) == (std::vector<std::string>{"a", "b", "c"}));
  BOOST_TEST(x.front() == "a");
  BOOST_TEST(x.back() == "c");
  x.pop_front();
  x.pop_back();
  BOOST_TEST(x.size() == 1u);
  x.pop_front();
  BOOST_TEST(x.empty());
  x.push_back("d");
  BOOST_TEST(content(x) == std::vector<std::string>{"d"});
}

BOOST_AUTO_TEST_CASE(an_element_stays_where_it_is_while_others_come) {
  lazy_deque<std::string> x;
  x.push_back("first");
  const auto* where = &x.front();
  for (int i = 0; i < 1'000; ++i) x.push_back(std::to_string(i));
  BOOST_TEST(&x.front() == where);
}

BOOST_AUTO_TEST_CASE(what_is_erased_by_a_condition_is_counted) {
  lazy_deque<std::string> x;
  for (const auto* each : {"a", "b", "a"}) x.push_back(each);
  BOOST_TEST(x.erase_if([](const auto& s) { return s == "a"; }) == 2u);
  BOOST_TEST(content(x) == std::vector<std::string>{"b"});
  BOOST_TEST(x.erase_if([](const auto&) { return true; }) == 1u);
  BOOST_TEST(x.empty());
}

BOOST_AUTO_TEST_CASE(a_copy_is_its_own_and_what_was_moved_from_is_empty) {
  lazy_deque<std::string> x;
  x.push_back("a");
  auto copy = x;
  copy.push_back("b");
  BOOST_TEST(content(x) == std::vector<std::string>{"a"});
  const auto taken = std::exchange(copy, {});
  BOOST_TEST(copy.empty());
  BOOST_TEST(content(taken) == (std::vector<std::string>{"a", "b"}));
  x = taken;
  BOOST_TEST(x.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
