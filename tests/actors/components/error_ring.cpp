#include "actors/remote_server/error_ring.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(remote_server_error_ring)

namespace {

using remote_server::error_ring;

std::string text_at(const matrix::json::array& list, std::size_t i) { return *list[i].find_string("text"); }

} // namespace

BOOST_AUTO_TEST_CASE(the_latest_error_is_shown_first_with_its_time_and_phase) {
  error_ring r;
  BOOST_TEST(r.listed().empty());
  r.add(1'000, "send", "refused");
  r.add(2'000, "keys", "no answer");
  const auto list = r.listed();
  BOOST_REQUIRE(list.size() == 2u);
  BOOST_TEST(text_at(list, 0) == "no answer");
  BOOST_TEST(*list[0].find_string("phase") == "keys");
  BOOST_TEST(*list[0].find_integer("ts") == 2'000);
  BOOST_TEST(text_at(list, 1) == "refused");
}

BOOST_AUTO_TEST_CASE(at_the_bound_the_oldest_error_makes_place) {
  error_ring r;
  for (std::size_t i = 0; i < error_ring::kept_max + 3; ++i) r.add(1'000, "send", std::to_string(i));
  const auto list = r.listed();
  BOOST_REQUIRE(list.size() == error_ring::kept_max);
  BOOST_TEST(text_at(list, 0) == std::to_string(error_ring::kept_max + 2));
  BOOST_TEST(text_at(list, error_ring::kept_max - 1) == "3");
}

BOOST_AUTO_TEST_CASE(the_text_of_a_stranger_is_cut) {
  error_ring r;
  r.add(1'000, "send", std::string(100'000, 'x'));
  BOOST_TEST(text_at(r.listed(), 0).size() == error_ring::text_bytes_max);
}

BOOST_AUTO_TEST_SUITE_END()
