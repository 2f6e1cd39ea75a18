#include "plugin/node_serving_watch.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(serving_watches)

using namespace causeway;
using step = serving_watch::step;

namespace {

const store::store_in_use one_serves{"one", "tcp://127.0.0.1:8471", 3'000, false};
const store::store_in_use two_serves{"two", "tcp://127.0.0.1:8471", 3'000, false};
const store::store_in_use two_starts{"two", "", 3'000, false};
const store::store_in_use nobody_serves{"one", "tcp://127.0.0.1:8471", -1, true};
const store::store_in_use database_is_away{};

} // namespace

BOOST_AUTO_TEST_CASE(who_is_about_to_serve_for_long_gets_our_ports) {
  serving_watch x{{.start_ms = 4'000, .retry_ms = 5'000}};
  BOOST_TEST((x.see(one_serves, 1'000) == step::follow));
  BOOST_TEST((x.see(nobody_serves, 2'000) == step::wait));
  BOOST_TEST((x.see(nobody_serves, 60'000) == step::wait)); // whoever comes may be elsewhere
  BOOST_TEST((x.see(two_starts, 61'000) == step::wait));
  BOOST_TEST((x.see(two_starts, 64'999) == step::wait));
  BOOST_TEST((x.see(two_starts, 65'000) == step::leave));
  BOOST_TEST((x.see(two_serves, 65'100) == step::follow));
}

BOOST_AUTO_TEST_CASE(who_says_no_name_says_nothing_new) {
  serving_watch x{{.start_ms = 4'000, .retry_ms = 5'000}};
  BOOST_TEST((x.see(two_starts, 1'000) == step::wait));
  BOOST_TEST((x.see(database_is_away, 4'000) == step::nothing));
  BOOST_TEST((x.see(two_starts, 5'000) == step::leave)); // it has started all the while
}

BOOST_AUTO_TEST_CASE(ports_in_use_are_tried_now_and_then_and_at_once_when_another_one_serves) {
  serving_watch x{{.start_ms = 4'000, .retry_ms = 5'000}};
  x.see(one_serves, 1'000);
  BOOST_TEST(x.may_try(1'000));
  BOOST_TEST(!x.may_try(5'999));
  BOOST_TEST(x.may_try(6'000));
  x.see(two_serves, 6'500);
  BOOST_TEST(x.may_try(6'500));
}

BOOST_AUTO_TEST_CASE(a_complaint_is_made_once_for_each_node_that_serves) {
  serving_watch x{{.start_ms = 4'000, .retry_ms = 5'000}};
  x.see(one_serves, 1'000);
  BOOST_TEST(x.may_complain());
  BOOST_TEST(!x.may_complain());
  x.see(one_serves, 2'000);
  BOOST_TEST(!x.may_complain());
  x.see(two_serves, 3'000);
  BOOST_TEST(x.may_complain());
}

BOOST_AUTO_TEST_SUITE_END()
