#include "plugin/gateway/held_requests.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace causeway::gateway {

BOOST_AUTO_TEST_SUITE(gateway_held_requests)

namespace {

using namespace std::chrono_literals;
const held_requests::time_point start{100s};

federation_request request(const std::string& target) {
  federation_request x;
  x.target = target;
  return x;
}

std::string targets(const std::vector<held_requests::held>& all) {
  std::string text;
  for (const auto& x : all) text += x.request.target + ";";
  return text;
}

} // namespace

BOOST_AUTO_TEST_CASE(they_wait_in_order_and_each_is_taken_once) {
  held_requests x{{3, 4s}};
  for (const char* target : {"/1", "/2", "/3"}) {
    auto one = request(target);
    BOOST_TEST(x.hold(one, nullptr, start));
  }
  BOOST_TEST(x.size() == 3u);
  BOOST_TEST(targets(x.take_all()) == "/1;/2;/3;");
  BOOST_TEST(targets(x.take_all()).empty());
}

BOOST_AUTO_TEST_CASE(beyond_the_bound_nothing_is_taken) {
  held_requests none{{}}, x{{1, 4s}};
  auto one = request("/1"), two = request("/2");
  BOOST_TEST(!none.hold(one, nullptr, start));
  BOOST_TEST(x.hold(one, nullptr, start));
  BOOST_TEST(!x.hold(two, nullptr, start));
  BOOST_TEST(two.target == "/2");
  x.take_all();
  BOOST_TEST(x.hold(two, nullptr, start));
}

BOOST_AUTO_TEST_CASE(only_those_whose_time_is_over_are_late) {
  held_requests x{{10, 4s}};
  auto one = request("/1"), two = request("/2");
  x.hold(one, nullptr, start);
  x.hold(two, nullptr, start + 1s);
  BOOST_TEST(targets(x.take_late(start + 3s)).empty());
  BOOST_TEST(targets(x.take_late(start + 4s)) == "/1;");
  BOOST_TEST(targets(x.take_late(start + 5s)) == "/2;");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
