#include "plugin/gateway/pending_requests.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::gateway {

BOOST_AUTO_TEST_SUITE(gateway_pending_requests)

namespace {

using namespace std::chrono_literals;
const pending_requests::time_point start{100s};

struct waiter final : answer_waiter {
  void on_answer(federation_answer) override {}
};

} // namespace

BOOST_AUTO_TEST_CASE(answer_finds_its_waiter_once) {
  pending_requests x{10, 5s};
  const auto who = std::make_shared<waiter>();
  const auto id = x.add(who, start);
  const auto other = x.add(std::make_shared<waiter>(), start);
  BOOST_REQUIRE(id);
  BOOST_TEST(*id != *other);
  BOOST_TEST((x.take(*id) == who));
  BOOST_TEST((x.take(*id) == nullptr));
  BOOST_TEST((x.take(4711) == nullptr));
  BOOST_TEST(x.size() == 1u);
}

BOOST_AUTO_TEST_CASE(bound_is_kept) {
  pending_requests x{2, 5s};
  const auto first = x.add(std::make_shared<waiter>(), start);
  BOOST_TEST(x.add(std::make_shared<waiter>(), start).has_value());
  BOOST_TEST(!x.add(std::make_shared<waiter>(), start).has_value());
  x.take(*first);
  BOOST_TEST(x.add(std::make_shared<waiter>(), start).has_value());
}

BOOST_AUTO_TEST_CASE(late_ones_are_those_whose_time_is_over) {
  pending_requests x{10, 5s};
  const auto early = std::make_shared<waiter>(), late = std::make_shared<waiter>();
  const auto answered = x.add(std::make_shared<waiter>(), start);
  x.add(early, start);
  x.add(late, start + 3s);
  x.take(*answered);
  BOOST_TEST(x.take_late(start + 4s).empty());
  const auto first = x.take_late(start + 5s);
  BOOST_TEST(first.size() == 1u);
  BOOST_TEST((first.at(0) == early));
  BOOST_TEST((x.take_late(start + 8s) == std::vector<pending_requests::waiter>{late}));
  BOOST_TEST(x.size() == 0u);
}

BOOST_AUTO_TEST_CASE(take_all_leaves_nothing) {
  pending_requests x{10, 5s};
  x.add(std::make_shared<waiter>(), start);
  x.add(std::make_shared<waiter>(), start);
  BOOST_TEST(x.take_all().size() == 2u);
  BOOST_TEST(x.take_late(start + 1h).empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
