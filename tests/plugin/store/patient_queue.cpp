#include "plugin/store/patient_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

namespace causeway::store {
namespace {

using namespace std::chrono_literals;
using queue = patient_queue<int>;
constexpr queue::time_point start{100s};

std::vector<int> slice(queue& from, std::size_t weight) {
  std::vector<int> out;
  from.take_slice(weight, 100, [&](int&& x) { out.push_back(x); });
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_patient_queue)

BOOST_AUTO_TEST_CASE(nothing_is_ripe_before_the_first_is_due_then_all_that_is_there) {
  queue x;
  BOOST_TEST(!x.due());
  BOOST_TEST(x.put(1, start + 500ms, nullptr, 1));
  BOOST_TEST(!x.put(2, start + 600ms, nullptr, 1));
  BOOST_TEST(!x.is_ripe(start + 499ms));
  BOOST_TEST(x.put(3, start + 500ms - 1ms, nullptr, 1)); // who waits for it has to wake sooner
  BOOST_TEST((*x.due() == start + 499ms));
  BOOST_TEST(x.is_ripe(start + 499ms));
  x.put(4, start + 700ms, nullptr, 1);
  BOOST_TEST(slice(x, 100) == (std::vector{1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(!x.is_ripe(start + 699ms));
  BOOST_TEST(x.is_ripe(start + 700ms));
  BOOST_TEST(slice(x, 100) == (std::vector{4}), boost::test_tools::per_element());
  BOOST_TEST(!x.due());
}

BOOST_AUTO_TEST_CASE(a_slice_is_bounded_by_weight_and_by_count) {
  queue x;
  for (const int n : {1, 2, 3}) x.put(n, start, nullptr, 4);
  for (const int n : {4, 5, 6, 7}) x.put(n, start, nullptr, 0);
  BOOST_TEST(!x.next_weight());
  x.ripen();
  BOOST_TEST(*x.next_weight() == 4u);
  BOOST_TEST(slice(x, 9) == (std::vector{1, 2}), boost::test_tools::per_element());
  BOOST_TEST(slice(x, 0).empty());
  BOOST_TEST(slice(x, 4) == (std::vector{3, 4, 5, 6, 7}), boost::test_tools::per_element());
  for (const int n : {1, 2, 3}) x.put(n, start, nullptr, 0);
  x.ripen();
  std::vector<int> two;
  x.take_slice(0, 2, [&](int&& each) { two.push_back(each); });
  BOOST_TEST(two == (std::vector{1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(all_of_one_owner_is_taken_in_its_order_and_nothing_of_others) {
  queue x;
  const int one = 0, other = 0;
  x.put(1, start, &one, 1);
  x.put(2, start, &other, 1);
  x.put(3, start, &one, 1);
  x.ripen();
  x.put(4, start + 1s, &one, 1); // not ripe
  x.put(5, start, nullptr, 1);
  const auto all_of = [&](const void* of) {
    std::vector<int> out;
    x.take_all_of(of, [&](int&& each) { out.push_back(each); });
    return out;
  };
  BOOST_TEST(all_of(&one) == (std::vector{1, 3, 4}), boost::test_tools::per_element());
  BOOST_TEST(all_of(&one).empty());
  BOOST_TEST(all_of(nullptr).empty());
  BOOST_TEST(slice(x, 100) == (std::vector{2}), boost::test_tools::per_element());
  BOOST_TEST(all_of(&other).empty());
  BOOST_TEST(x.is_ripe(start));
  BOOST_TEST(slice(x, 100) == (std::vector{5}), boost::test_tools::per_element());
  BOOST_TEST(!x.due());
}

BOOST_AUTO_TEST_CASE(what_was_taken_for_its_owner_is_waited_for_no_longer) {
  queue x;
  const int one = 0;
  x.put(1, start + 1s, &one, 1);
  x.take_all_of(&one, [](int&&) {});
  BOOST_TEST(!x.due());
  BOOST_TEST(!x.is_ripe(start + 2s));
  BOOST_TEST(x.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
