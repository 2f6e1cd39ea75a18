#include "actors/room/citations.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(room_citations)

namespace {

using ids = std::vector<std::string>;

matrix::event_ptr event_citing(const std::string& id, ids parents, ids auth = {}) {
  auto x = std::make_shared<matrix::event>();
  x->event_id = id;
  x->prev_events = std::move(parents);
  x->auth_events = std::move(auth);
  return x;
}

ids ids_of(const std::vector<matrix::event_ptr>& events) {
  ids found;
  for (const auto& x : events) found.push_back(x->event_id);
  return found;
}

ids in_order(std::vector<matrix::event_ptr> events) {
  return ids_of(
    room::parents_first(std::move(events), [](const matrix::event& x) -> const auto& { return x.prev_events; }));
}

} // namespace

BOOST_AUTO_TEST_CASE(each_event_comes_after_those_it_cites_whatever_order_they_were_told_in) {
  std::vector<matrix::event_ptr> events{event_citing("$d", {"$b", "$c"}), event_citing("$b", {"$a"}),
                                        event_citing("$a", {}), event_citing("$c", {"$a"})};
  const ids wanted{"$a", "$b", "$c", "$d"};
  BOOST_TEST(in_order(events) == wanted, boost::test_tools::per_element());
  std::sort(events.begin(), events.end());
  do {
    const auto order = in_order(events);
    const auto at = [&](const char* id) { return std::find(order.begin(), order.end(), id) - order.begin(); };
    BOOST_TEST(order.size() == 4u);
    BOOST_TEST(at("$a") == 0);
    BOOST_TEST(at("$d") == 3);
  } while (std::next_permutation(events.begin(), events.end()));
}

BOOST_AUTO_TEST_CASE(parents_that_are_not_among_them_are_passed_over) {
  const ids wanted{"$a", "$b"};
  BOOST_TEST(in_order({event_citing("$b", {"$elsewhere", "$a"}), event_citing("$a", {"$older"})}) == wanted,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_circle_ends_and_loses_no_event) {
  auto order = in_order({event_citing("$a", {"$c"}), event_citing("$b", {"$a"}), event_citing("$c", {"$b", "$c"})});
  std::sort(order.begin(), order.end());
  BOOST_TEST(order == (ids{"$a", "$b", "$c"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_chain_as_long_as_a_hostile_server_likes_needs_no_stack) {
  std::vector<matrix::event_ptr> chain;
  const int length = 100'000;
  for (int i = length; i > 0; --i)
    chain.push_back(event_citing("$" + std::to_string(i), {"$" + std::to_string(i - 1)}));
  const auto order = in_order(std::move(chain));
  BOOST_REQUIRE(order.size() == static_cast<std::size_t>(length));
  BOOST_TEST(order.front() == "$1");
  BOOST_TEST(order.back() == "$" + std::to_string(length));
}

BOOST_AUTO_TEST_CASE(an_event_rests_on_what_its_auth_events_lead_to_and_on_nothing_told_besides) {
  const std::vector<matrix::event_ptr> told{event_citing("$create", {}), event_citing("$levels", {}, {"$create"}),
                                            event_citing("$member", {}, {"$create", "$levels"}),
                                            event_citing("$besides", {}, {"$create"})};
  auto reached = ids_of(room::reached_by_auth({"$member", "$unknown", "$member"}, told));
  std::sort(reached.begin(), reached.end());
  BOOST_TEST(reached == (ids{"$create", "$levels", "$member"}), boost::test_tools::per_element());
  BOOST_TEST(room::reached_by_auth({}, told).empty());
}

BOOST_AUTO_TEST_SUITE_END()
