#include "actors/bounded_map.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(bounded_maps)

BOOST_AUTO_TEST_CASE(the_one_put_longest_ago_makes_room_whatever_its_key) {
  bounded_map<std::string, int> all{3};
  BOOST_TEST(!all.put("z", 1));
  BOOST_TEST(!all.put("a", 2));
  BOOST_TEST(!all.put("m", 3));
  const auto gone = all.put("b", 4);
  BOOST_REQUIRE(gone);
  BOOST_TEST(gone->first == "z");
  BOOST_TEST(gone->second == 1);
  BOOST_TEST(!all.contains("z"));
  BOOST_TEST(all.find("z") == nullptr);
  BOOST_TEST(*all.find("a") == 2);
  BOOST_TEST(*all.find("m") == 3);
  BOOST_TEST(*all.find("b") == 4);
  BOOST_TEST(all.size() == 3u);
}

BOOST_AUTO_TEST_CASE(what_is_put_again_is_the_newest) {
  bounded_map<std::string, int> all{2};
  all.put("a", 1);
  all.put("b", 2);
  BOOST_TEST(!all.put("a", 3)); // takes its own place
  BOOST_TEST(all.put("c", 4)->first == "b");
  BOOST_TEST(*all.find("a") == 3);
}

BOOST_AUTO_TEST_CASE(what_is_erased_leaves_its_place_to_others) {
  bounded_map<int, std::unique_ptr<int>> all{2};
  all.put(1, std::make_unique<int>(1));
  all.put(2, std::make_unique<int>(2));
  BOOST_TEST(all.erase(1));
  BOOST_TEST(!all.erase(1));
  BOOST_TEST(!all.put(3, std::make_unique<int>(3)));
  BOOST_TEST(all.size() == 2u);
  const auto gone = all.put(4, std::make_unique<int>(4));
  BOOST_REQUIRE(gone);
  BOOST_TEST(*gone->second == 2);
  all.clear();
  BOOST_TEST(all.size() == 0u);
  BOOST_TEST(!all.put(5, std::make_unique<int>(5)));
  BOOST_TEST(all.contains(5));
}

BOOST_AUTO_TEST_SUITE_END()
