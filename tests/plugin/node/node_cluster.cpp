// What a node reads of those that share its store, and how it shows it.
#include "plugin/node_cluster.hpp"

#include "plugin/node_rows.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <variant>
#include <vector>

using namespace causeway;

namespace {

config::store_options store_that_is_not_there() {
  config::store_options x;
  x.path = "/nowhere/store.db";
  return x;
}

fault_code code_of(const store::answer& x) {
  const auto* why = std::get_if<fault>(&x);
  return why ? why->code : fault_code::none;
}

store::term term_of(std::int64_t incarnation, std::int64_t from_ts, std::int64_t until_ts) {
  store::term x;
  x.incarnation = incarnation;
  x.from_ts = from_ts;
  x.until_ts = until_ts;
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(cluster_of_a_node)

BOOST_AUTO_TEST_CASE(questions_that_wait_for_a_slow_database_are_bounded) {
  cluster_reader reader{store_that_is_not_there()};
  std::promise<void> begun, go_on;
  auto until = go_on.get_future().share();
  reader.list_nodes(1, [&begun, until](const store::answer&) {
    begun.set_value();
    until.wait();
  });
  begun.get_future().wait();
  std::vector<std::future<fault_code>> answers;
  const auto ask = [&] {
    auto told = std::make_shared<std::promise<fault_code>>();
    answers.push_back(told->get_future());
    reader.list_nodes(1, [told](const store::answer& x) { told->set_value(code_of(x)); });
  };
  for (std::size_t i = 0; i < cluster_reader::waiting_max; ++i) ask();
  ask();
  BOOST_TEST((answers.back().get() == fault_code::overloaded)); // while the first one is still under way
  answers.pop_back();
  go_on.set_value();
  for (auto& each : answers) BOOST_TEST((each.get() == fault_code::store_failed));
}

BOOST_AUTO_TEST_CASE(question_that_has_waited_too_long_is_not_asked_any_more) {
  cluster_reader reader{store_that_is_not_there(), std::chrono::milliseconds{-1}};
  std::promise<fault_code> told;
  reader.list_nodes(1, [&](const store::answer& x) { told.set_value(code_of(x)); });
  BOOST_TEST((told.get_future().get() == fault_code::timed_out));
}

BOOST_AUTO_TEST_CASE(oldest_row_that_is_shown_tells_the_gap_before_it_too) {
  const result<std::vector<store::term>> found =
    std::vector<store::term>{term_of(3, 5'000, 0), term_of(2, 1'000, 4'400), term_of(1, 100, 700)};
  const auto rows = rows_of(found, 2);
  BOOST_REQUIRE(bool(rows));
  BOOST_TEST_REQUIRE(rows->size() == 2u);
  BOOST_TEST(rows->at(0).gap_ms == 600);
  BOOST_TEST(rows->at(1).gap_ms == 300);
}

BOOST_AUTO_TEST_SUITE_END()
